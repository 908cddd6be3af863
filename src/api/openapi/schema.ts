/** A JSON schema in OpenAPI 3.0's dialect, as far as this edge needs one. */
export interface Schema {
  /** A schema with a title has a name of its own in the document, and is told once. */
  readonly title?: string;
  readonly description?: string;
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  readonly format?: string;
  readonly nullable?: boolean;
  readonly enum?: readonly string[];
  readonly default?: string | number | boolean;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
}

/** Names to schemas; a name that ends in `?` may be left out. */
export type Fields = Readonly<Record<string, Schema>>;

export const TEXT: Schema = { type: 'string' };
export const FLAG: Schema = { type: 'boolean' };
export const NUMBER: Schema = { type: 'number' };
/** Epoch, seconds. */
export const SECONDS: Schema = { type: 'integer', format: 'int64', description: 'Epoch, seconds' };
export const BYTES: Schema = { type: 'integer', format: 'int64', minimum: 0 };
export const BINARY: Schema = { type: 'string', format: 'binary' };
/** Text to text; every key is kept. */
export const METADATA: Schema = { type: 'object', additionalProperties: TEXT };

export function whole(min: number, max: number = Number.MAX_SAFE_INTEGER): Schema {
  return { type: 'integer', format: 'int64', minimum: min, maximum: max };
}

export function oneOf(...words: readonly string[]): Schema {
  return { type: 'string', enum: words };
}

export function listOf(items: Schema, bounds: { max?: number } = {}): Schema {
  return bounds.max === undefined
    ? { type: 'array', items }
    : { type: 'array', items, maxItems: bounds.max };
}

/** Any name to one kind of value. */
export function mapOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values };
}

/** The same, and null. */
export function nullable(schema: Schema): Schema {
  return { ...schema, nullable: true };
}

export function described(schema: Schema, description: string): Schema {
  return { ...schema, description };
}

/** An object with these fields, as the contract calls it: `shape('Ref', { 'id': TEXT })`. */
export function shape(title: string, fields: Fields): Schema {
  return { title, ...fieldsSchema(fields) };
}

/** An object that needs no name. */
export function fieldsSchema(fields: Fields): Schema {
  const entries = Object.entries(fields).map(([name, schema]) => ({
    name: nameOf(name),
    schema,
    isRequired: nameOf(name) === name,
  }));
  const required = entries.filter((each) => each.isRequired).map((each) => each.name);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(({ name, schema }) => [name, schema])),
    ...(required.length > 0 && { required }),
  };
}

/** Returns the name without the mark of what may be left out. */
export function nameOf(field: string): string {
  return field.endsWith('?') ? field.slice(0, -1) : field;
}
