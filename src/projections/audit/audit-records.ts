import { placeOfEvent } from '../../domain/event-place.js';
import { decodeEvent, eventSchemas, type EventType } from '../../domain/event-types.js';
import type { IntentId } from '../../domain/model.js';
import { isOutsideType } from '../../domain/outside-event.js';
import { TAG_STREAM_PREFIX, tagOfStream } from '../../domain/tag/tag.stream.js';
import type { RecordedEvent } from '../../ports/event-log.js';
import type { AskedIntent, AskedIntents } from './asked-intents.js';
import type { AuditRecord } from './audit-record.js';
import { deedOf } from './deeds.js';

/** Returns what each of some events tells, in their order: one record an event. */
export async function auditRecords(
  events: readonly RecordedEvent[],
  asked: AskedIntents,
): Promise<AuditRecord[]> {
  for (const event of events) if (isTold(event)) asked.meet(event);
  const records: AuditRecord[] = [];
  for (const event of events) {
    const intentId = resultOf(event);
    const by = intentId && (await asked.of(event.stream, intentId));
    records.push(recordOf(event, by && intentId ? { ...by, intentId } : undefined));
  }
  return records;
}

/** Returns whether this program knows what an event tells. */
export const isTold = ({ type, version }: RecordedEvent): boolean =>
  isOutsideType(type) ||
  (Object.hasOwn(eventSchemas, type) && version <= eventSchemas[type as EventType].version);

function recordOf(
  event: RecordedEvent,
  by: (AskedIntent & { readonly intentId: IntentId }) | undefined,
): AuditRecord {
  const { position, type, atMs } = event;
  const who = {
    caller: by?.caller ?? event.caller,
    requestId: by?.requestId ?? event.requestId,
    commandId: by?.intentId ?? event.commandId,
  };
  const at = { position, type, atMs, ...who };
  if (isOutsideType(type)) return { ...at, operation: 'append from outside', source: event.stream };
  if (!isTold(event)) return { ...at, operation: 'step' };
  const { repository: told, ...deed } = deedOf(decodeEvent(event), by);
  const { uid = told?.uid, repository: name = told?.name, branch } = placeOfEvent(event);
  const isTags = event.stream.startsWith(TAG_STREAM_PREFIX);
  return {
    ...at,
    ...(branch !== undefined && { branch }),
    ...(isTags && { tag: tagOfStream(event.stream).tag }),
    ...deed,
    ...(uid !== undefined && { repository: { uid, ...(name !== undefined && { name }) } }),
  };
}

/** Returns the intent that an event is the result of. */
function resultOf({ type, data }: RecordedEvent): IntentId | undefined {
  return results.has(type) ? (data['intentId'] as IntentId) : undefined;
}

const results: ReadonlySet<string> = new Set([
  'BranchDeleted',
  'Committed',
  'HeadMoved',
  'IntentFailed',
  'Merged',
  'StagingDiscarded',
  'Undone',
] satisfies readonly EventType[]);
