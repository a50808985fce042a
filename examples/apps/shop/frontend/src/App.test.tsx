import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "./App";

type Reply = { status?: number; body: unknown };

const HEALTH = { status: "ok", database: "connected", cache: "connected", version: "2.0.0" };
let replies: Record<string, Reply>;
let calls: string[];

class SilentSocket {
  close() {}
}

beforeEach(() => {
  calls = [];
  replies = {
    "GET /api/health": { body: HEALTH },
    "GET /api/ticks": { body: { count: 41, last_at: null } },
    "GET /api/items": { body: [] },
  };
  vi.stubGlobal("WebSocket", SilentSocket);
  vi.stubGlobal("fetch", async (path: string, init: RequestInit = {}) => {
    const call = `${init.method ?? "GET"} ${path}`;
    calls.push(call);
    const { status = 200, body } = replies[call]!;
    const headers = { "X-Release": "20261121T101500Z-1a2b3c4d", "X-App-Version": "2.0.0" };
    return new Response(JSON.stringify(body), { status, headers });
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("shows the release that answered and its health", async () => {
  render(<App />);
  expect(await screen.findByText("20261121T101500Z-1a2b3c4d")).toBeTruthy();
  expect(await screen.findAllByText("connected")).toHaveLength(2);
  expect(await screen.findByText("41")).toBeTruthy();
});

test("says that the backend has another version than the page", async () => {
  render(<App />);
  expect(await screen.findByText(/moved to version 2\.0\.0/)).toBeTruthy();
});

test("shows which part is unavailable", async () => {
  replies["GET /api/health"] = { status: 503, body: { ...HEALTH, status: "failing", cache: "unavailable" } };
  render(<App />);
  expect(await screen.findByText("unavailable")).toBeTruthy();
  expect(screen.getAllByText("connected")).toHaveLength(1);
});

test("adds an item and lists it", async () => {
  render(<App />);
  await screen.findByText("Nothing on sale yet.");
  const lamp = { id: 1, name: "lamp", created_at: "2026-11-21T10:00:00Z" };
  replies["POST /api/items"] = { status: 201, body: lamp };
  replies["GET /api/items"] = { body: [lamp] };
  fireEvent.change(screen.getByLabelText("Name of the new item"), { target: { value: "lamp" } });
  fireEvent.click(screen.getByText("Add"));
  expect(await screen.findByText("lamp")).toBeTruthy();
});

test("runs a job until it has a result", async () => {
  render(<App />);
  const result = { n: 100, primes: 25, seconds: 2, worker: "worker-1", version: "2.0.0" };
  replies["POST /api/jobs"] = { status: 202, body: { id: "abc", state: "PENDING", result: null } };
  replies["GET /api/jobs/abc"] = { body: { id: "abc", state: "SUCCESS", result } };
  fireEvent.click(screen.getByText("Run"));
  expect(await screen.findByText("pending")).toBeTruthy();
  expect(await screen.findByText(/25 primes below 100, in 2 s by worker-1/)).toBeTruthy();
  expect(calls.filter((call) => call === "GET /api/jobs/abc")).toHaveLength(1);
});

test("shows the backend's reason when a job is refused", async () => {
  render(<App />);
  replies["POST /api/jobs"] = { status: 503, body: { detail: "The queue is unavailable: the job was not accepted." } };
  fireEvent.click(screen.getByText("Run"));
  expect((await screen.findByRole("alert")).textContent).toBe("The queue is unavailable: the job was not accepted.");
});
