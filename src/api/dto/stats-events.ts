import { IsArray, IsInt, IsNotEmpty, Min } from 'class-validator';
import { checked, IsText } from '../json-body.js';
import { HasSchema, schemaOfClass } from '../openapi/dto-schema.js';
import { listOf } from '../openapi/schema.js';

export class StatsEvent {
  @IsText()
  @IsNotEmpty()
  readonly class!: string;

  @IsText()
  @IsNotEmpty()
  readonly name!: string;

  @IsInt()
  @Min(0)
  readonly count!: number;
}

export class StatsEventsList {
  @IsArray()
  @HasSchema(listOf(schemaOfClass(StatsEvent)))
  readonly events!: unknown[];
}

/** Checks what clients count about themselves; it is kept nowhere. @throws DomainError invalid */
export function refuseWrongEvents({ events }: StatsEventsList): void {
  for (const [at, event] of events.entries()) checked(StatsEvent, event, `events[${at}].`);
}
