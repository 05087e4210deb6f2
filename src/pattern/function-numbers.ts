/** Numbers for the user's functions: the same for the same function, whatever it does. Keeps none of them alive. */
export class FunctionNumbers {
  readonly #numbers = new WeakMap<object, number>();
  #last = 0;

  of(call: object): number {
    let number = this.#numbers.get(call);
    if (number === undefined) {
      this.#last += 1;
      number = this.#last;
      this.#numbers.set(call, number);
    }
    return number;
  }
}
