import { globSync, readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { eventSchemas, type EventType } from '../../src/domain/event-types.js';
import type { EventSchema } from '../../src/domain/upcast.js';
import { TOLD_TYPES } from '../../src/queries/feed/told-types.js';
import { eventSamples } from '../support/samples/event.samples.js';
import { type Declared, declaredIn, type Field } from './declared-types.js';
import { FIELD_WORDS } from './field-words.js';

const root = new URL('../../', import.meta.url).pathname;
const SOURCES = [
  'src/domain/model.ts',
  'src/domain/*/*.events.ts',
  'src/domain/branch/branch.wishes.ts',
  'src/domain/staging/path-run.ts',
  'src/domain/repository/branch-rules.ts',
];

/** Where events of a kind stand, in the order of the page; by what their streams begin with. */
const STREAMS: readonly (readonly [prefix: string, title: string, stream: string])[] = [
  ['repository-', 'A repository', '`repository-<name>`'],
  ['branch-', 'A branch', '`branch-<repository uid>-<name>`'],
  [
    'staging-',
    'What is written to a branch',
    '`staging-<repository uid>.<branch>.<life>.<number>`',
  ],
  ['commit-', 'A commit that was brought in', '`commit-<repository uid>-<commit id>`'],
  ['tag-', 'A tag', '`tag-<repository uid>-<name>`'],
  ['pull-', 'A pull request', '`pull-<repository uid>-<id>`'],
  ['import-', 'An import', '`import-<repository uid>-<id>`'],
  ['refs-task-', 'A dump or a restore of refs', '`refs-task-<repository uid>-<id>`'],
];

/** Every type that the sources declare, by its name. */
export const declared: ReadonlyMap<string, Declared> = new Map(
  SOURCES.flatMap((pattern) => globSync(pattern, { cwd: root }).toSorted())
    .flatMap((path) => declaredIn(readFileSync(`${root}${path}`, 'utf8')))
    .map((each) => [each.name, each]),
);

/** Returns docs/events.md: all events that the feed tells of, as the sources declare them. */
export async function eventsPage(): Promise<string> {
  const sections = STREAMS.map(([prefix, title, stream]) => {
    const types = TOLD_TYPES.filter((type) => eventSamples[type].stream.startsWith(prefix));
    return `## ${title}\n\nIn ${stream}.\n\n${types.map(eventSection).join('\n')}`;
  });
  const shapes = shapesOf(TOLD_TYPES).map(shapeSection);
  const text = [HEAD, ...sections, SHAPES, ...shapes, keptSection()].join('\n');
  const config = await resolveConfig(`${root}docs/events.md`);
  return format(text, { ...config, parser: 'markdown' });
}

/** Returns the fields of `data` of an event. */
export function fieldsOfEvent(type: EventType): readonly Field[] {
  const isBranchs = eventSamples[type].stream.startsWith('branch-');
  return [...fieldsOf(declared.get(type)), ...(isBranchs ? [RECORD] : [])];
}

function eventSection(type: EventType): string {
  const { version } = eventSchemas[type] as EventSchema<never>;
  const about = declared.get(type)?.about ?? '';
  const shape = version > 1 ? `\n\nVersion ${version}.` : '';
  return `### ${type}\n\n${about}${shape}\n\n${table(fieldsOfEvent(type))}`;
}

/** Returns every shape that the page tells of, with its fields. */
export const toldShapes = (): readonly (readonly [string, readonly Field[]])[] =>
  shapesOf(TOLD_TYPES).map((name) => [name, fieldsOf(declared.get(name))]);

function shapeSection(name: string): string {
  const found = declared.get(name);
  const about = found?.about ?? '';
  const body = found?.fields.length ? table(fieldsOf(found)) : `\`${found?.text ?? ''}\`\n`;
  return `### ${name}\n\n${about}\n\n${body}`;
}

function table(fields: readonly Field[]): string {
  if (fields.length === 0) return 'It has no data.\n';
  const rows = fields.map(({ name, isOptional, type, about }) =>
    [`\`${name}\`${isOptional ? ', optional' : ''}`, `\`${cell(type)}\``, cell(about)].join(' | '),
  );
  return ['| field | type | meaning |', '| - | - | - |', ...rows.map((row) => `| ${row} |`), '']
    .join('\n')
    .concat('\n');
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function fieldsOf(found: Declared | undefined): readonly Field[] {
  if (found === undefined) return [];
  const inherited = found.parents.flatMap((parent) => fieldsOf(declared.get(parent)));
  const own = found.fields.map((field) => ({ ...field, about: aboutField(found.name, field) }));
  return [...inherited, ...own];
}

/** What the source says of it, or else what is said here, or else nothing. */
const aboutField = (owner: string, { name, about }: Field): string =>
  about || (FIELD_WORDS[`${owner}.${name}`] ?? FIELD_WORDS[name] ?? '');

/** Types that fields are of, and what those are of in turn; sorted. */
function shapesOf(types: readonly EventType[]): readonly string[] {
  const found = new Set<string>();
  const look = (text: string): void => {
    for (const [name] of text.matchAll(/\b[A-Z]\w+/g)) {
      const one = declared.get(name);
      if (one === undefined || found.has(name) || name in eventSchemas) continue;
      found.add(name);
      look(one.text);
      for (const { type } of fieldsOf(one)) look(type);
    }
  };
  for (const type of types) for (const field of fieldsOfEvent(type)) look(field.type);
  return [...found].toSorted();
}

function keptSection(): string {
  const kept = Object.keys(eventSchemas).filter(
    (type) => !(TOLD_TYPES as readonly string[]).includes(type),
  );
  return `${KEPT}\n\n${kept.toSorted().join(', ')}.\n`;
}

const RECORD: Field = {
  name: 'record',
  isOptional: false,
  type: 'BranchRecord | null',
  about: 'The branch as it is after the event; null: it is deleted.',
};

const HEAD = `# Events

What [the feed](feed.md) tells of: each event type, the stream that it stands in, and what its
\`data\` says. Types are written as TypeScript does; a time is in milliseconds since 1970, UTC,
where its name ends in \`Ms\`. An event that was stored in an older shape is told in the newest
one, whose version is 1 unless it is said here. New types come with new versions of Moraine, and new
fields may be added to a type: leave alone what you do not know.

This page is made by \`npm run events\`.
`;
const SHAPES = '## Shapes\n\nWhat fields of events are made of.\n';
const KEPT = `## What is told to nobody

Keys, answers that were kept for a repeated request, and addresses that can still be used:`;
