import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LiveConnection, type LiveState, liveUrl } from "./live";

class FakeSocket {
  static all: FakeSocket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  sent: string[] = [];
  constructor() {
    FakeSocket.all.push(this);
  }
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.onclose?.();
  }
}

const states: LiveState[] = [];
const welcomes: string[] = [];
const echoes: string[] = [];
const newest = () => FakeSocket.all.at(-1)!;

function connect(): LiveConnection {
  const live = new LiveConnection("ws://shop/api/ws", {
    onState: (state) => states.push(state),
    onWelcome: (version) => welcomes.push(version),
    onEcho: (text) => echoes.push(text),
  });
  live.open();
  return live;
}

beforeEach(() => {
  for (const list of [FakeSocket.all, states, welcomes, echoes]) list.length = 0;
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("welcomes and echoes", () => {
  const live = connect();
  newest().onopen!();
  newest().onmessage!({ data: '{"type": "welcome", "version": "1.2.3"}' });
  live.send("hello");
  newest().onmessage!({ data: '{"type": "echo", "text": "hello"}' });
  expect(newest().sent).toEqual(["hello"]);
  expect([welcomes, echoes]).toEqual([["1.2.3"], ["hello"]]);
});

test("comes back after a deploy, and waits longer each time nobody answers", () => {
  connect();
  newest().onopen!();
  for (const [delay, sockets] of [[250, 2], [500, 3], [1000, 4]] as const) {
    newest().onclose!();
    vi.advanceTimersByTime(delay - 1);
    expect(FakeSocket.all).toHaveLength(sockets - 1);
    vi.advanceTimersByTime(1);
    expect(FakeSocket.all).toHaveLength(sockets);
  }
  newest().onopen!();
  newest().onclose!();
  vi.advanceTimersByTime(250);
  expect(FakeSocket.all).toHaveLength(5);
  expect(states.slice(0, 4)).toEqual(["connecting", "open", "waiting", "connecting"]);
});

test("stays closed once closed", () => {
  connect().close();
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.all).toHaveLength(1);
});

test("uses the page's own origin and security", () => {
  expect(liveUrl({ protocol: "https:", host: "shop.example.com" })).toBe("wss://shop.example.com/api/ws");
  expect(liveUrl({ protocol: "http:", host: "localhost:8420" })).toBe("ws://localhost:8420/api/ws");
});
