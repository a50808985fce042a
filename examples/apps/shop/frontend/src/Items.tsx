import { type FormEvent, useCallback, useEffect, useState } from "react";
import { addItem, fetchItems, type Item } from "./api";

/** The items on sale, newest first, and a form to add one. */
export function Items() {
  const [items, setItems] = useState<Item[] | null>(null);
  const [name, setName] = useState("");
  const [error, setError] = useState<string | null>(null);

  const refresh = useCallback(async () => {
    try {
      setItems(await fetchItems());
      setError(null);
    } catch (failure) {
      setError((failure as Error).message);
    }
  }, []);
  useEffect(() => void refresh(), [refresh]);

  const add = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await addItem(name);
      setName("");
      await refresh();
    } catch (failure) {
      setError((failure as Error).message);
    }
  };

  return (
    <section className="card" aria-labelledby="items">
      <h2 id="items">Items</h2>
      <form onSubmit={add}>
        <input
          aria-label="Name of the new item"
          placeholder="A reading lamp"
          value={name}
          maxLength={100}
          required
          onChange={(event) => setName(event.target.value)}
        />
        <button>Add</button>
      </form>
      {error && <p className="error" role="alert">{error}</p>}
      {items?.length === 0 && <p className="quiet">Nothing on sale yet.</p>}
      <ul className="rows">
        {items?.map((item) => (
          <li key={item.id}>
            {item.name}
            <time dateTime={item.created_at}>{new Date(item.created_at).toLocaleString()}</time>
          </li>
        ))}
      </ul>
    </section>
  );
}
