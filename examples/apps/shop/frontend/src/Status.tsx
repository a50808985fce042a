import { fetchHealth, fetchTicks } from "./api";
import { usePolling } from "./usePolling";

const Part = ({ name, state }: { name: string; state: string | undefined }) => (
  <li>
    <span className={`dot ${state === "connected" ? "good" : state ? "bad" : ""}`} />
    {name} <strong>{state ?? "unknown"}</strong>
  </li>
);

const Fact = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

/** Which release serves this page, and whether its parts are well. */
export function Status({ pageVersion }: { pageVersion: string }) {
  const { value: health, error } = usePolling(fetchHealth, 5000);
  const { value: ticks } = usePolling(fetchTicks, 10000);
  const outdated = health?.version && health.version !== pageVersion;
  return (
    <section className="card wide" aria-label="Status">
      <dl className="facts">
        <Fact name="Page" value={pageVersion} />
        <Fact name="Backend" value={health?.version ?? "…"} />
        <Fact name="Release" value={health ? (health.release ?? "none") : "…"} />
        <Fact name="Ticks of beat" value={ticks ? String(ticks.count) : "…"} />
      </dl>
      <ul className="parts">
        <Part name="Database" state={error ? undefined : health?.body.database} />
        <Part name="Cache" state={error ? undefined : health?.body.cache} />
      </ul>
      {error && <p className="error" role="alert">The backend does not answer: {error}</p>}
      {outdated && !error && (
        <p className="notice">
          The backend has moved to version {health.version}. <button onClick={() => location.reload()}>Reload the page</button>
        </p>
      )}
    </section>
  );
}
