import { EventFilter } from './event-filter.js';
import type { StreamSubscription, AllSubscription } from './follow.js';
import type { EventForm } from './links.js';
import type { ReadOfAll, ReadOfStream, ReadOptions, ReadReq } from './protocol/messages.js';
import { numberOf, streamOf } from './protocol/values.js';
import type { AllRead } from './read-all.js';
import type { StreamRead } from './read-stream.js';
import { badArgument } from './refusal.js';

/** What a client asked to read, in our words. */
export type Wish =
  | { readonly kind: 'stream'; readonly read: StreamRead }
  | { readonly kind: 'all'; readonly read: AllRead }
  | { readonly kind: 'followStream'; readonly follow: Omit<StreamSubscription, 'id' | 'signal'> }
  | { readonly kind: 'followAll'; readonly follow: Omit<AllSubscription, 'id' | 'signal'> };

/** @throws Refusal  a part is missing, or parts do not go together */
export function wishOf({ options }: ReadReq): Wish {
  if (!options) throw badArgument('a read needs options');
  if (!options.uuidForm) throw badArgument('a read says which form of UUID it wants');
  const form: EventForm = {
    uuids: options.uuidForm.form === 'string' ? 'string' : 'structured',
    resolvesLinks: options.resolveLinks,
  };
  if (options.extent === undefined) throw badArgument('a read is of a count, or a subscription');
  const direction = options.direction === 1 ? 'backward' : 'forward';
  const isFollowing = options.extent === 'subscription';
  if (isFollowing && direction === 'backward') throw badArgument('a subscription goes forwards');
  const around = { form, direction, wanted: numberOf(options.count), isFollowing } as const;
  if (options.what === 'stream' && options.stream) return ofStream(options, options.stream, around);
  if (options.what === 'all' && options.all) return ofAll(options, options.all, around);
  throw badArgument('a read is of a stream or of $all');
}

interface Around {
  readonly form: EventForm;
  readonly direction: 'forward' | 'backward';
  readonly wanted: number;
  readonly isFollowing: boolean;
}

function ofStream(
  { filtering, control }: ReadOptions,
  at: ReadOfStream,
  { form, direction, wanted, isFollowing }: Around,
): Wish {
  const stream = streamOf(at.stream);
  if (stream === '$all') throw badArgument('$all is read by all, not by name');
  if (filtering === 'filter') throw badArgument('filters are for $all');
  const from = startOf(at.from, () => numberOf(at.revision));
  if (isFollowing) {
    const after = at.from === 'start' ? -1 : from;
    return { kind: 'followStream', follow: { stream, after, form } };
  }
  const saysEnds = (control?.compatibility ?? 0) >= 1;
  return { kind: 'stream', read: { stream, from, direction, wanted, form, saysEnds } };
}

function ofAll(
  { filtering, filter: given }: ReadOptions,
  at: ReadOfAll,
  { form, direction, wanted, isFollowing }: Around,
): Wish {
  const { position } = at;
  if (at.from === 'position' && !position) throw badArgument('a position is missing');
  const from = startOf(at.from, () => (position ? numberOf(position.commit) : 0));
  const filter = filtering === 'filter' && given ? { filter: new EventFilter(given) } : {};
  if (isFollowing) return { kind: 'followAll', follow: { after: from, form, ...filter } };
  return { kind: 'all', read: { from, direction, wanted, form, ...filter } };
}

/** The largest number there is stands for the end, as the clients have it. */
function startOf(from: string | undefined, numbered: () => number): number {
  if (from === undefined) throw badArgument('a read says where it begins');
  if (from === 'start') return 0;
  const number = from === 'end' ? Infinity : numbered();
  return number >= Number.MAX_SAFE_INTEGER ? Infinity : number;
}
