// Open a page, and print a line of JSON each time its heading changes: `node watch.mjs URL CHANGES`.
// `kept` is true if the page was not reloaded. A reload would lose the mark in its window.
import { chromium } from "playwright-core";

const [url, changes] = [process.argv[2], Number(process.argv[3])];
const print = (fact) => console.log(JSON.stringify(fact));
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
});
const page = await browser.newPage();
// Wait for Vite's websocket. Before it is connected, the page does not notice a saved file.
const connected = new Promise((resolve) => {
  page.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => {
      if (String(payload).includes('"type":"connected"')) resolve(socket.url());
    });
  });
});
await page.goto(url);
const heading = page.locator("h1");
await heading.waitFor();
const socket = await connected;
await page.evaluate(() => { window.mark = "set"; });
let text = await heading.textContent();
print({ heading: text, socket });
for (let change = 0; change < changes; change += 1) {
  await page.waitForFunction((before) => document.querySelector("h1")?.textContent !== before, text, {
    polling: 20,
    timeout: 60000,
  });
  text = await heading.textContent();
  print({ heading: text, kept: await page.evaluate(() => window.mark === "set") });
}
await browser.close();
