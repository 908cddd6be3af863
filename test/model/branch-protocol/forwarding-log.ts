import type { EventId } from '../../../src/domain/model.js';
import {
  EventLog,
  type AppendResult,
  type EventContext,
  type EventFilter,
  type StreamAppend,
} from '../../../src/ports/event-log.js';

/** Another log, as it is; for those who change one thing about it. */
export class ForwardingLog extends EventLog {
  constructor(protected log: EventLog) {
    super();
  }

  get groups() {
    return this.log.groups;
  }

  append(
    appends: readonly StreamAppend[],
    context: EventContext,
  ): Promise<readonly AppendResult[]> {
    return this.log.append(appends, context);
  }

  read(
    stream: string,
    options: { from: number; direction: 'forward' | 'backward'; limit: number },
  ) {
    return this.log.read(stream, options);
  }

  find(stream: string, id: EventId) {
    return this.log.find(stream, id);
  }

  end(stream: string) {
    return this.log.end(stream);
  }

  readAll(options: { after: number; limit: number; filter?: EventFilter }) {
    return this.log.readAll(options);
  }

  lastPosition() {
    return this.log.lastPosition();
  }

  subscribe(options: { after: number; signal: AbortSignal; filter?: EventFilter }) {
    return this.log.subscribe(options);
  }

  async close(): Promise<void> {}
}
