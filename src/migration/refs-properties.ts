import type { TableProperties } from '../committed/record-table.js';

type FieldType = 'TYPE_STRING' | 'TYPE_INT32' | 'TYPE_BOOL' | { readonly message: string };
type FieldOf = readonly [name: string, number: number, type: FieldType, isRepeated?: boolean];

const PACKAGE = 'io.treeverse.lakefs.graveler';
const TIMESTAMP = { message: '.google.protobuf.Timestamp' };

const schemas = {
  commit: {
    message: 'CommitData',
    fields: [
      ['id', 1, 'TYPE_STRING'],
      ['committer', 2, 'TYPE_STRING'],
      ['message', 3, 'TYPE_STRING'],
      ['creation_date', 4, TIMESTAMP],
      ['meta_range_id', 5, 'TYPE_STRING'],
      ['metadata', 6, { message: `.${PACKAGE}.CommitData.MetadataEntry` }, true],
      ['parents', 7, 'TYPE_STRING', true],
      ['version', 8, 'TYPE_INT32'],
      ['generation', 9, 'TYPE_INT32'],
    ],
    isMapped: true,
  },
  tag: {
    message: 'TagData',
    fields: [
      ['id', 1, 'TYPE_STRING'],
      ['commit_id', 2, 'TYPE_STRING'],
    ],
    isMapped: false,
  },
  branch: {
    message: 'BranchData',
    fields: [
      ['id', 1, 'TYPE_STRING'],
      ['commit_id', 2, 'TYPE_STRING'],
      ['staging_token', 3, 'TYPE_STRING'],
      ['sealed_tokens', 4, 'TYPE_STRING', true],
      ['hidden', 5, 'TYPE_BOOL'],
    ],
    isMapped: false,
  },
} as const satisfies Record<
  string,
  { message: string; fields: readonly FieldOf[]; isMapped: boolean }
>;

/** Names the table that holds what lakeFS's dumps leave out, in the table of branches. */
export const STATES_PROPERTY = 'moraine_branch_states';
export const STATES_PROPERTIES: TableProperties = { entity: 'moraine-branch-state' };

/** Returns what every file of a dump's table says of itself: which records, and their schema. */
export function refsProperties(entity: keyof typeof schemas): TableProperties {
  const { message, fields, isMapped } = schemas[entity];
  const descriptor = {
    name: message,
    field: fields.map((field) => fieldOf(...(field as FieldOf))),
    ...(isMapped ? { nestedType: [MAP_ENTRY] } : {}),
  };
  return {
    entity,
    schema_name: `${PACKAGE}.${message}`,
    schema_definition: JSON.stringify(descriptor),
  };
}

function fieldOf(name: string, number: number, type: FieldType, isRepeated = false) {
  return {
    name,
    number,
    label: isRepeated ? 'LABEL_REPEATED' : 'LABEL_OPTIONAL',
    ...(typeof type === 'string' ? { type } : { type: 'TYPE_MESSAGE', typeName: type.message }),
    jsonName: name.replaceAll(/_[a-z]/g, (letters) => letters.slice(1).toUpperCase()),
  };
}

const MAP_ENTRY = {
  name: 'MetadataEntry',
  field: [fieldOf('key', 1, 'TYPE_STRING'), fieldOf('value', 2, 'TYPE_STRING')],
  options: { mapEntry: true },
};
