// The model of a widget in a page with no kernel: its state, and who listens. What is set stays in the page.

/** @typedef {Record<string, any>} State */

export class StandIn {
  /** @type {Map<string, Set<() => void>>} */
  #listeners = new Map();

  /** @param {State} state @param {Record<string, StandIn>} inside the models that are this one's own, by their names */
  constructor(state, inside = {}) {
    this.state = state;
    this.widget_manager = { get_model: async (/** @type {string} */ id) => inside[id] ?? new StandIn(shared(id)) };
  }

  /** @param {string} name */
  get(name) { return this.state[name]; }

  /** @type {(name: string, value: any) => void} */
  set(name, value) {
    if (this.state[name] === value) return;
    this.state[name] = value;
    for (const listener of this.#listeners.get(`change:${name}`) ?? []) listener();
  }

  save_changes() {}

  /** @type {(event: string, listener: () => void) => void} */
  on(event, listener) {
    const there = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, there.add(listener));
  }

  /** @type {(event: string, listener: () => void) => void} */
  off(event, listener) { this.#listeners.get(event)?.delete(listener); }
}

/**
 * What several widgets speak of, such as the weights of a model: beside one of them in the page, or in a script that
 * several pages load.
 * @type {(id: string) => State}
 */
function shared(id) {
  const beside = document.querySelector(`script[data-shared="${id}"]`);
  return beside ? JSON.parse(beside.textContent) : /** @type {any} */ (window).gradwalkShared[id];
}
