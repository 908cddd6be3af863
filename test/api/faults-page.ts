import { statusOf } from '../../src/api/http-errors.js';
import { FAULTS, LATE, type FaultRow } from './fault-rows.js';

/** Returns `docs/faults.md`: each row of it is sent to a server by `faults.spec.ts`. */
export function faultsPage(): string {
  const [first = ['', []], ...others] = Object.entries(FAULTS);
  return [
    HEAD,
    ...[[first[0], [...first[1], LATE]] as const, ...others].map(([kind, rows]) =>
      table(`## ${kind}`, ['fault', 'status', 'message'], rows.map(cellsOf)),
    ),
    table('## What an operation refuses', ['code', 'status'], refusals()),
    TAIL,
  ].join('\n');
}

function cellsOf({ fault, status, message }: Omit<FaultRow, 'send'>): readonly string[] {
  const text = typeof message === 'string' ? message : `${message.source.slice(1)}…`;
  return [fault.trim(), String(status), `\`${text.replaceAll('|', '\\|')}\``];
}

function refusals(): readonly (readonly string[])[] {
  return Object.entries(statusOf)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([code, status]) => [`\`${code}\``, String(status)]);
}

/** Columns as wide as their widest cell, as the formatter of this repository has them. */
function table(title: string, heads: readonly string[], rows: readonly (readonly string[])[]) {
  const width = (at: number) =>
    Math.max(...[heads, ...rows].map((cells) => (cells[at] ?? '').length));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(width(at))).join(' | ')} |`;
  const rule = heads.map((_, at) => '-'.repeat(width(at)));
  return `${title}\n\n${[line(heads), line(rule), ...rows.map(line)].join('\n')}\n`;
}

const HEAD = `# Faults at the edge

What is answered to a request that cannot be granted. The body is always
\`{"message": string}\` as \`application/json\`, with \`X-Request-Id\` and
\`X-Content-Type-Options: nosniff\`; only an answer to HEAD has none, and outside of \`/api/v1\` a
path that is none is 404 without a body. A message about a field begins with its name. This page is
made by \`npm run openapi\`.
`;

const TAIL = `A refusal with 429 or 503 carries \`Retry-After\`. What the store cannot do for now is
503, a change that too many want at once 429, an outcome that is not known 500 with a message that
says so, and any other fault of the server 500 \`internal error; request <id>\`, which the log
explains under that id.
`;
