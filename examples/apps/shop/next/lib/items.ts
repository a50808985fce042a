export interface Item {
  id: number;
  name: string;
}

export type Answer = { items: Item[] } | { problem: string };

/** Ask the backend for the newest items; whatever goes wrong becomes a sentence for the page. */
export async function newestItems(backend: string | undefined, ask: typeof fetch = fetch): Promise<Answer> {
  if (!backend) return { problem: "BACKEND_URL does not say where the backend is." };
  try {
    const response = await ask(`${backend}/api/items`, { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (!response.ok) return { problem: `The backend answered ${response.status}.` };
    return { items: (await response.json()) as Item[] };
  } catch (error) {
    return { problem: `The backend cannot be reached: ${error instanceof Error ? error.message : String(error)}.` };
  }
}
