import { type FormEvent, useEffect, useState } from "react";
import { fetchJob, type Job, startJob } from "./api";

const finished = (job: Job) => ["SUCCESS", "FAILURE", "REVOKED"].includes(job.state);

/** Sends a job to the worker and follows it until it is done. */
export function Jobs() {
  const [n, setN] = useState(100000);
  const [seconds, setSeconds] = useState(2);
  const [job, setJob] = useState<Job | null>(null);
  const [error, setError] = useState<string | null>(null);

  useEffect(() => {
    if (!job || finished(job)) return;
    let stopped = false;
    const timer = setTimeout(async () => {
      try {
        const latest = await fetchJob(job.id);
        if (stopped) return;
        setJob(latest);
        setError(null);
      } catch (failure) {
        if (stopped) return;
        setError((failure as Error).message);
        setJob({ ...job });
      }
    }, 500);
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [job]);

  const start = async (event: FormEvent) => {
    event.preventDefault();
    try {
      setJob(await startJob(n, seconds));
      setError(null);
    } catch (failure) {
      setError((failure as Error).message);
    }
  };

  const number = (label: string, value: number, max: number, set: (value: number) => void) => (
    <label>
      {label}
      <input type="number" min={0} max={max} required value={value} onChange={(e) => set(e.target.valueAsNumber || 0)} />
    </label>
  );

  return (
    <section className="card" aria-labelledby="jobs">
      <h2 id="jobs">Count primes in the worker</h2>
      <form onSubmit={start}>
        {number("Below", n, 5_000_000, setN)}
        {number("Seconds", seconds, 60, setSeconds)}
        <button disabled={job !== null && !finished(job)}>Run</button>
      </form>
      {error && <p className="error" role="alert">{error}</p>}
      {job && (
        <p>
          <span className={`state ${job.state.toLowerCase()}`}>{job.state.toLowerCase()}</span>{" "}
          {job.result &&
            `${job.result.primes.toLocaleString()} primes below ${job.result.n.toLocaleString()}, ` +
              `in ${job.result.seconds} s by ${job.result.worker} (${job.result.version})`}
        </p>
      )}
    </section>
  );
}
