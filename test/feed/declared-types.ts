/** A field of an interface, with what the source says of it. */
export interface Field {
  readonly name: string;
  readonly isOptional: boolean;
  readonly type: string;
  /** "" when nothing is said. */
  readonly about: string;
}

/** An exported interface or type. */
export interface Declared {
  readonly name: string;
  readonly about: string;
  readonly parents: readonly string[];
  /** Of an interface; but for `type`. */
  readonly fields: readonly Field[];
  /** Of a type: what it stands for. */
  readonly text: string;
}

/**
 * Returns what a source declares, by its lines: the sources are formatted by a program, so that a
 * declaration begins at a line's begin and ends with a brace or a semicolon of its own.
 */
export function declaredIn(source: string): readonly Declared[] {
  const found: Declared[] = [];
  for (const [, comment, kind, name = '', rest = ''] of source.matchAll(DECLARATION)) {
    const about = aboutOf(comment);
    if (kind === 'type') {
      const text = oneLine(rest.replace(/^\s*=\s*\|?/, '').replace(/;$/, ''));
      found.push({ name, about, parents: [], fields: [], text });
      continue;
    }
    const [, parents = '', body = ''] = /^(?: extends ([^{]*?))? \{(.*)\}$/s.exec(rest) ?? [];
    const fields = [...body.matchAll(FIELD)].map(
      ([, said, field = '', mark, type = '']): Field => ({
        name: field,
        isOptional: mark === '?',
        type: oneLine(type.replace(/^\s*\|/, '').replaceAll(/\/\*\*.*?\*\//gs, '')),
        about: aboutOf(said),
      }),
    );
    found.push({
      name,
      about,
      parents: parents
        .split(',')
        .map((parent) => parent.trim())
        .filter(Boolean),
      fields: fields.filter((field) => field.name !== 'type'),
      text: '',
    });
  }
  return found;
}

const COMMENT = String.raw`(\/\*\*(?:(?!\*\/).)*\*\/\s*)?`;
/** With the comment right before it. */
const DECLARATION = new RegExp(
  COMMENT + String.raw`^export (interface|type) (\w+)((?: extends [^{]*)? \{.*?^\}| *=.*?;$)`,
  'gms',
);
const FIELD = new RegExp(
  COMMENT + String.raw`^ {2}readonly (\w+)(\?)?:(.*?);$(?=\n(?: {2}\S|\s*$))`,
  'gms',
);

const aboutOf = (comment = ''): string =>
  oneLine(
    comment
      .replaceAll(/^\s*\/\*\*|\*\/\s*$/g, '')
      .replaceAll(/^\s*\* ?/gm, '')
      .replaceAll(/\{@link (\w+)\}/g, '`$1`'),
  );

const oneLine = (text: string): string =>
  text.replaceAll(/\s+/g, ' ').replaceAll('readonly ', '').trim();
