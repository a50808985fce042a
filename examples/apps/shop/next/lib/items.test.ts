import { expect, test } from "vitest";
import { newestItems } from "./items";

const answering = (body: string, status = 200) => async () => new Response(body, { status });

test("the items are those of the backend", async () => {
  const asked: string[] = [];
  const ask = async (url: string | URL | Request) => {
    asked.push(String(url));
    return new Response('[{"id": 1, "name": "A lamp"}]');
  };
  expect(await newestItems("http://backend:8000", ask)).toEqual({ items: [{ id: 1, name: "A lamp" }] });
  expect(asked).toEqual(["http://backend:8000/api/items"]);
});

test("a backend that fails is a sentence on the page", async () => {
  expect(await newestItems("http://backend:8000", answering("", 503))).toEqual({ problem: "The backend answered 503." });
  expect(await newestItems("http://backend:8000", () => Promise.reject(new Error("refused")))).toEqual({
    problem: "The backend cannot be reached: refused.",
  });
});

test("without an address nothing is asked", async () => {
  expect(await newestItems(undefined, () => Promise.reject(new Error("asked")))).toEqual({
    problem: "BACKEND_URL does not say where the backend is.",
  });
});
