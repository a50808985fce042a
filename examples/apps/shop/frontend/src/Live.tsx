import { type FormEvent, useEffect, useRef, useState } from "react";
import { LiveConnection, type LiveState, liveUrl } from "./live";

const WORDS: Record<LiveState, string> = { connecting: "connecting", open: "live", waiting: "reconnecting" };
const KEPT = 8;

/** A WebSocket that echoes what is typed, and shows when it is lost and found again. */
export function Live() {
  const [state, setState] = useState<LiveState>("connecting");
  const [lines, setLines] = useState<{ id: number; text: string }[]>([]);
  const [text, setText] = useState("");
  const connection = useRef<LiveConnection | null>(null);

  useEffect(() => {
    const note = (text: string) =>
      setLines((last) => [{ id: (last[0]?.id ?? 0) + 1, text }, ...last].slice(0, KEPT));
    const live = new LiveConnection(liveUrl(location), {
      onState: setState,
      onWelcome: (version) => note(`Connected to version ${version}`),
      onEcho: (echoed) => note(`“${echoed}” came back`),
    });
    connection.current = live;
    live.open();
    return () => live.close();
  }, []);

  const send = (event: FormEvent) => {
    event.preventDefault();
    connection.current?.send(text);
    setText("");
  };

  return (
    <section className="card" aria-labelledby="live">
      <h2 id="live">
        WebSocket <span className={`state ${state}`}>{WORDS[state]}</span>
      </h2>
      <form onSubmit={send}>
        <input
          aria-label="Text to send"
          placeholder="Hello?"
          value={text}
          required
          onChange={(event) => setText(event.target.value)}
        />
        <button disabled={state !== "open"}>Send</button>
      </form>
      <ul className="rows" aria-live="polite">
        {lines.map((line) => (
          <li key={line.id}>{line.text}</li>
        ))}
      </ul>
    </section>
  );
}
