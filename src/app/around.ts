/** A call of a port's method on its way; `run` does it. */
export interface PortCall {
  readonly method: string;
  readonly args: readonly unknown[];
  run(): unknown;
}

/** Does something around a call, and returns what `run` returned. */
export type Around = (call: PortCall) => unknown;

/**
 * Returns a port that does the same, with something around each of its calls. It is for figures and
 * traces, of which neither a port nor those who implement it know.
 */
export function around<Port extends object>(port: Port, doing: Around): Port {
  const wrapped = new Map<string | symbol, unknown>();
  return new Proxy(port, {
    get(target, name) {
      const known = wrapped.get(name);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || typeof name !== 'string') return value;
      const method = (...args: readonly unknown[]): unknown =>
        doing({ method: name, args, run: () => Reflect.apply(value, target, args) as unknown });
      wrapped.set(name, method);
      return method;
    },
  });
}

/** Calls back when what a call returned is settled; what is no promise was no call to a store. */
export function settled(
  result: unknown,
  then: (outcome: { readonly value?: unknown; readonly error?: unknown }) => void,
): unknown {
  if (result instanceof Promise) {
    result.then(
      (value: unknown) => then({ value }),
      (error: unknown) => then({ error }),
    );
  }
  return result;
}
