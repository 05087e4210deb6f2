/** Typed listeners of a run: a listener that throws harms neither the run nor the others. */
export class Listeners<Events extends object> {
  readonly #byEvent = new Map<keyof Events, Set<(value: never) => void>>();

  on<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): () => void {
    const listeners = this.#byEvent.get(event) ?? new Set();
    listeners.add(listener);
    this.#byEvent.set(event, listeners);
    return () => void listeners.delete(listener);
  }

  emit<K extends keyof Events>(event: K, value: Events[K]): void {
    for (const listener of this.#byEvent.get(event) ?? []) {
      try {
        (listener as (value: Events[K]) => void)(value);
      } catch {
        // The listener is the user's; its failure is not the flow's, and there is no one here to tell.
      }
    }
  }
}
