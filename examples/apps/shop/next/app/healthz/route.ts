export const dynamic = "force-dynamic";

/** For the container's health check: the server is up, whatever the backend does. */
export function GET() {
  return new Response("ok\n", { headers: { "Cache-Control": "no-store" } });
}
