/** What comes in while a checkpoint is taken, kept in order and begun when it is over. */
export class IntakeHold {
  #waiting: (() => void)[] | undefined;

  get isHeld(): boolean {
    return this.#waiting !== undefined;
  }

  hold(): void {
    this.#waiting ??= [];
  }

  /** @returns resolves when `begin` has been called and what it answered is over */
  later(begin: () => undefined | Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting?.push(() => {
        const blocked = begin();
        if (blocked === undefined) resolve();
        else blocked.then(resolve, reject);
      });
    });
  }

  release(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const begin of waiting) begin();
  }
}
