export interface Health {
  status: "ok" | "failing";
  database: "connected" | "unavailable";
  cache: "connected" | "unavailable";
  version: string;
}

export interface Item {
  id: number;
  name: string;
  created_at: string;
}

export interface Job {
  id: string;
  state: "PENDING" | "STARTED" | "RETRY" | "SUCCESS" | "FAILURE" | "REVOKED";
  result: { n: number; primes: number; seconds: number; worker: string; version: string } | null;
}

/** The header values tell which release answered: X-Release comes from the proxy, X-App-Version from the backend. */
export interface Answer<Body> {
  status: number;
  body: Body;
  release: string | null;
  version: string | null;
}

/**
 * Fetch JSON from the page's own origin.
 * Statuses in `accept` are answers as well; any other that is not 2xx throws an Error fit to be shown.
 */
export async function call<Body>(path: string, init: RequestInit = {}, accept: number[] = []): Promise<Answer<Body>> {
  const response = await fetch(path, { ...init, headers: { "Content-Type": "application/json", ...init.headers } });
  const text = await response.text();
  if (!response.ok && !accept.includes(response.status)) {
    throw new Error(reason(text) ?? `${path} answered ${response.status}.`);
  }
  return {
    status: response.status,
    body: JSON.parse(text) as Body,
    release: response.headers.get("X-Release"),
    version: response.headers.get("X-App-Version"),
  };
}

/** The backend's own words, when the body has any. */
function reason(text: string): string | null {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    if (typeof detail === "string") return detail;
    return Array.isArray(detail) ? String((detail[0] as { msg?: unknown }).msg) : null;
  } catch {
    return null;
  }
}

const post = (body: unknown): RequestInit => ({ method: "POST", body: JSON.stringify(body) });

export const fetchHealth = () => call<Health>("/api/health", {}, [503]);
export const fetchItems = async () => (await call<Item[]>("/api/items")).body;
export const addItem = async (name: string) => (await call<Item>("/api/items", post({ name }))).body;
export const startJob = async (n: number, seconds: number) => (await call<Job>("/api/jobs", post({ n, seconds }))).body;
export const fetchJob = async (id: string) => (await call<Job>(`/api/jobs/${id}`)).body;
export const fetchTicks = async () => (await call<{ count: number; last_at: string | null }>("/api/ticks")).body;
