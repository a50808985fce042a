// Open a page, and tell in a line of JSON each time its heading is another: `node watch.mjs URL CHANGES`.
// `kept` says whether it is still the same page, for a reload would have lost what was noted in it.
import { chromium } from "playwright-core";

const [url, changes] = [process.argv[2], Number(process.argv[3])];
const tell = (fact) => console.log(JSON.stringify(fact));
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
});
const page = await browser.newPage();
// Vite says so through its websocket; before that a saved file would go unheard.
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
await page.evaluate(() => { window.noted = "here"; });
let text = await heading.textContent();
tell({ heading: text, socket });
for (let change = 0; change < changes; change += 1) {
  await page.waitForFunction((before) => document.querySelector("h1")?.textContent !== before, text, {
    polling: 20,
    timeout: 60000,
  });
  text = await heading.textContent();
  tell({ heading: text, kept: await page.evaluate(() => window.noted === "here") });
}
await browser.close();
