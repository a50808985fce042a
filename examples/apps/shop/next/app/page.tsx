import { newestItems } from "../lib/items";

// Rendered for each request: what is on sale changes, and where the backend is only the running container knows.
export const dynamic = "force-dynamic";

export default async function Page() {
  const answer = await newestItems(process.env.BACKEND_URL);
  return (
    <main>
      <h1>The shop</h1>
      <p>Version {process.env.APP_VERSION ?? "development"}</p>
      {"problem" in answer ? (
        <p role="alert">{answer.problem}</p>
      ) : (
        <ul>
          {answer.items.map((item) => (
            <li key={item.id}>{item.name}</li>
          ))}
        </ul>
      )}
    </main>
  );
}
