import type { DomainErrorCode } from '../../domain/errors.js';
import type { Fields, Schema } from './schema.js';

/**
 * What a caller may rely on of one operation, beside what its parameters' decorators say already.
 * The document at `/openapi.json` is made of it, and tests hold every answer to it.
 */
export interface Contract {
  /** The body of success; left out for none. Its status is the one of `@HttpCode`. */
  readonly answers?: Schema;
  /** The type of that body when it is not JSON. */
  readonly answersAs?: string;
  /** Other statuses with a meaning of their own. */
  readonly alsoAnswers?: Readonly<Record<number, OtherAnswer>>;
  /**
   * Refusals of this operation, by the domain's codes. What any operation of its kind may answer
   * (400, 401, 404 and 410 of a repository, 413, 429, 500, 503) is there without being told.
   */
  readonly refuses?: readonly DomainErrorCode[];
  /** Parameters that the method reads by `query.text(…)` and the like. */
  readonly query?: Fields;
  /** Headers that it reads by itself, in lower case. */
  readonly headers?: Fields;
  /** A body that is checked by hand; of `@JsonBody(Shape)` the document learns by itself. */
  readonly body?: Schema;
  /** The types of that body when it is not JSON. */
  readonly bodyAs?: readonly string[];
  /** The body may be left out. */
  readonly isBodyOptional?: boolean;
  /** What a reader should know, in a sentence or two. */
  readonly about?: string;
}

export interface OtherAnswer {
  readonly about: string;
  readonly schema?: Schema;
}

/** What a parameter's decorator reads of a request. */
export interface Reads {
  readonly query?: Fields;
  readonly headers?: Fields;
  /** A class whose decorators check the body. */
  readonly body?: new () => object;
  readonly isBodyOptional?: boolean;
}

/** Notes, at the method of a controller, what one of its parameters reads. */
export function noteReads(target: object, method: string | symbol, reads: Reads): void {
  Reflect.defineMetadata(READS, [...readsOf(target, method), reads], target, method);
}

export function readsOf(target: object, method: string | symbol): readonly Reads[] {
  return (Reflect.getMetadata(READS, target, method) ?? []) as readonly Reads[];
}

const READS = 'moraine:reads';
