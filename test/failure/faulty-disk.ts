import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { promisify } from 'node:util';

/** What a disk says that fails; `SHORT`: it takes half of what it is given, and says so. */
export const DISK_FAULTS = ['EIO', 'ENOSPC', 'EDQUOT', 'EROFS', 'SHORT'] as const;
export type DiskFault = (typeof DISK_FAULTS)[number];

const NUMBERS = { EIO: -5, ENOSPC: -28, EDQUOT: -122, EROFS: -30 };

/** Calls that change a disk, or open a file; those of a promise are the others' own. */
const CALLS = [
  'open',
  'write',
  'writev',
  'fsync',
  'fdatasync',
  'rename',
  'link',
  'copyFile',
  'fchmod',
  'unlink',
] as const;
const CALLS_AT_ONCE = [
  'openSync',
  'writeSync',
  'fsyncSync',
  'fdatasyncSync',
  'renameSync',
  'linkSync',
  'unlinkSync',
] as const;
const PROMISES = ['mkdir', 'rename', 'unlink', 'rm', 'open'] as const;

type Call = (...values: unknown[]) => unknown;

/**
 * The disk as this process's calls find it: the k-th of them fails. It stands between the program
 * and Node's own calls, so what is to be seen must be imported after it.
 */
export class FaultyDisk {
  #callsLeft = Number.POSITIVE_INFINITY;
  #fault: DiskFault = 'EIO';
  /** Whether it has failed since it was told to. */
  struck: string | undefined;
  callCount = 0;

  constructor() {
    for (const name of CALLS) this.#wrap(name);
    for (const name of CALLS_AT_ONCE) this.#wrapAtOnce(name);
    for (const name of PROMISES) this.#wrapPromise(name);
    syncBuiltinESMExports();
  }

  /** @param at  which call from now fails, from 1 */
  failAt(at: number, fault: DiskFault): void {
    [this.#callsLeft, this.#fault, this.struck] = [at, fault, undefined];
  }

  /** From here on it works. */
  heal(): void {
    this.#callsLeft = Number.POSITIVE_INFINITY;
  }

  /** @returns what a call is told; 'short': it is to take half */
  #strike(name: string): Error | 'short' | undefined {
    this.callCount++;
    if (--this.#callsLeft !== 0) return undefined;
    const fault = this.#fault;
    if (fault !== 'SHORT') {
      this.struck = name;
      const error = new Error(`${fault}: the disk fails, ${name}`);
      return Object.assign(error, { code: fault, errno: NUMBERS[fault], syscall: name });
    }
    if (!name.startsWith('write')) return undefined;
    this.struck = name;
    return 'short';
  }

  #wrap(name: (typeof CALLS)[number]): void {
    const real = fs[name] as Call;
    const realPromise = promisify(real) as (...values: unknown[]) => Promise<unknown>;
    const faulty = (...values: unknown[]): unknown => {
      const told = this.#strike(name);
      if (told instanceof Error) return process.nextTick(values.at(-1) as Call, told);
      return real(...(told ? halfOf(name, values) : values));
    };
    const asPromise = async (...values: unknown[]): Promise<unknown> => {
      const told = this.#strike(name);
      if (told instanceof Error) throw told;
      return realPromise(...(told ? halfOf(name, values) : values));
    };
    Object.defineProperty(faulty, promisify.custom, { value: asPromise });
    Object.assign(fs, { [name]: faulty });
  }

  #wrapAtOnce(name: (typeof CALLS_AT_ONCE)[number]): void {
    const real = fs[name] as Call;
    const faulty = (...values: unknown[]): unknown => {
      const told = this.#strike(name);
      if (told instanceof Error) throw told;
      return real(...(told ? halfOf(name, values) : values));
    };
    Object.assign(fs, { [name]: faulty });
  }

  #wrapPromise(name: (typeof PROMISES)[number]): void {
    const real = fs.promises[name] as (...values: unknown[]) => Promise<unknown>;
    const faulty = async (...values: unknown[]): Promise<unknown> => {
      const told = this.#strike(name);
      if (told instanceof Error) throw told;
      return real(...values);
    };
    Object.assign(fs.promises, { [name]: faulty });
  }
}

/** The same call with half of its bytes. */
function halfOf(name: string, values: readonly unknown[]): unknown[] {
  const [file, given, ...rest] = values;
  if (name === 'writev') {
    const [first] = given as readonly Uint8Array[];
    return [file, [first?.subarray(0, Math.ceil(first.length / 2))], ...rest];
  }
  const bytes = given as Uint8Array;
  const from = typeof rest[0] === 'number' ? rest[0] : 0;
  const isCall = typeof rest.at(-1) === 'function';
  const half = Math.max(1, Math.floor((bytes.length - from) / 2));
  return [file, bytes, from, half, null, ...(isCall ? rest.slice(-1) : [])];
}
