/** Does one call of a port's method, with something around it; `run` does the call itself. */
export type Call = (args: readonly unknown[], run: () => unknown) => unknown;

/** Returns what is to be done around each call of a method; undefined: nothing. */
export type Around = (method: string) => Call | undefined;

/**
 * Returns a port that does the same, with something around each of its calls. It is for figures and
 * traces, of which neither a port nor those who implement it know.
 *
 * Every method that the port has by now is found and wrapped once, so a call costs one call more.
 */
export function around<Port extends object>(port: Port, doing: Around): Port {
  const wrapped = Object.create(port) as Port;
  for (const name of namesOf(port)) {
    const property = propertyOf(port, name);
    if (property?.get) {
      // Asked of the port itself: what is private is not found by way of another object.
      const get = (): unknown => Reflect.get(port, name, port);
      Object.defineProperty(wrapped, name, { get });
    } else if (typeof property?.value === 'function') {
      const value = wrap(port, property.value as Method, doing(name));
      Object.defineProperty(wrapped, name, { value });
    }
  }
  return wrapped;
}

type Method = (...args: unknown[]) => unknown;

function wrap(port: object, method: Method, call: Call | undefined): Method {
  if (call === undefined) return method.bind(port);
  return (...args) => call(args, () => method.apply(port, args));
}

/** Its own names and those that it inherits, but for what every object has. */
function namesOf(port: object): ReadonlySet<string> {
  const names = new Set<string>();
  for (let at = port; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  }
  names.delete('constructor');
  return names;
}

function propertyOf(port: object, name: string): PropertyDescriptor | undefined {
  for (let at = port; at !== null; at = Object.getPrototypeOf(at)) {
    const property = Object.getOwnPropertyDescriptor(at, name);
    if (property) return property;
  }
  return undefined;
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
