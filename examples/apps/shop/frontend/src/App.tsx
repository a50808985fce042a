import { Items } from "./Items";
import { Jobs } from "./Jobs";
import { Live } from "./Live";
import { Status } from "./Status";

export const PAGE_VERSION = import.meta.env.VITE_APP_VERSION || "development";

export const App = () => (
  <>
    <header>
      <h1>Shop</h1>
      <p>A small shop with a database, a cache, a worker, a schedule and a live connection.</p>
    </header>
    <main>
      <Status pageVersion={PAGE_VERSION} />
      <Items />
      <Jobs />
      <Live />
    </main>
  </>
);
