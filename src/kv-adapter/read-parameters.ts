import type { KvRead } from '../ports/kv-store.js';
import { BinaryArrays, OIDS } from '../shared/binary-arrays.js';
import type { BinaryCall } from '../shared/binary-call.js';
import { READ_BOTH, READ_GETS, READ_PACKS, READ_SCANS } from './kv-statements.js';

/** A statement of kv-statements.ts, with its arrays; the driver wants a list that it may change. */
export interface ReadCall extends BinaryCall {
  readonly values: Buffer[];
}

type Reads = readonly KvRead[];
type Kind = KvRead['kind'];

/** Returns the statement that answers several reads, each by its ordinal from 0. */
export function readCall(reads: Reads): ReadCall {
  const to = new BinaryArrays(ARRAYS_BYTES + READ_BYTES * reads.length);
  const hasPacks = reads.some(isPack);
  const hasGets = hasPacks || reads.some(({ kind }) => kind === 'get');
  const hasScans = hasPacks || reads.some(({ kind }) => kind === 'scan');
  if (hasGets) writeGets(to, reads);
  if (hasScans) writeScans(to, reads, 'scan');
  if (hasPacks) writeScans(to, reads, 'pack');
  return { ...statementOf({ hasGets, hasScans, hasPacks }), values: to.done() };
}

export const isPack = ({ kind }: KvRead): boolean => kind === 'pack';

function statementOf(has: { hasGets: boolean; hasScans: boolean; hasPacks: boolean }) {
  if (has.hasPacks) return { name: 'packs', text: READ_PACKS };
  if (!has.hasScans) return { name: 'gets', text: READ_GETS };
  return has.hasGets ? { name: 'reads', text: READ_BOTH } : { name: 'scans', text: READ_SCANS };
}

function writeGets(to: BinaryArrays, reads: Reads): void {
  writePlaces(to, reads, 'get');
  to.begin(OIDS.bytea);
  for (const read of reads) if (read.kind === 'get') to.bytes(read.key);
}

function writeScans(to: BinaryArrays, reads: Reads, kind: 'scan' | 'pack'): void {
  writePlaces(to, reads, kind);
  to.begin(OIDS.bytea);
  for (const read of reads) if (read.kind === kind) to.bytes(read.from ?? null);
  to.begin(OIDS.bytea);
  for (const read of reads) if (read.kind === kind) to.bytes(read.until ?? null);
  to.begin(OIDS.int4);
  for (const read of reads) if (read.kind === kind) to.int4(read.limit);
}

/** Ordinals and partitions, which all kinds begin with. */
function writePlaces(to: BinaryArrays, reads: Reads, kind: Kind): void {
  to.begin(OIDS.int4);
  for (let ordinal = 0; ordinal < reads.length; ordinal++) {
    if (reads[ordinal]?.kind === kind) to.int4(ordinal);
  }
  to.begin(OIDS.text);
  for (const read of reads) if (read.kind === kind) to.text(read.partition);
}

/** About what the heads of all arrays take, and what a read does. */
const ARRAYS_BYTES = 160;
const READ_BYTES = 160;
