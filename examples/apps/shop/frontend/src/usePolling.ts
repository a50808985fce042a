import { useEffect, useState } from "react";

export interface Polled<Value> {
  value: Value | null;
  error: string | null;
}

/** Call `read` now and every `interval` milliseconds; it must be the same function on every render. */
export function usePolling<Value>(read: () => Promise<Value>, interval: number): Polled<Value> {
  const [polled, setPolled] = useState<Polled<Value>>({ value: null, error: null });
  useEffect(() => {
    let stopped = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const poll = async () => {
      try {
        const value = await read();
        if (!stopped) setPolled({ value, error: null });
      } catch (error) {
        if (!stopped) setPolled((last) => ({ ...last, error: (error as Error).message }));
      }
      if (!stopped) timer = setTimeout(poll, interval);
    };
    void poll();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [read, interval]);
  return polled;
}
