type Value = string | number | boolean | undefined;
export type Row = Readonly<Record<string, Value>>;

/** Where a command's results go: aligned for people, or one JSON object a line. */
export class Output {
  #rows: Row[] = [];

  constructor(
    private readonly write: (text: string) => void,
    private readonly isJson: boolean,
  ) {}

  row(row: Row): void {
    if (this.isJson) this.write(`${JSON.stringify(row)}\n`);
    else this.#rows.push(row);
  }

  /** Writes text as it is, for what is no table. */
  text(text: string): void {
    this.write(this.isJson ? `${JSON.stringify({ text })}\n` : text);
  }

  /** Writes what was gathered; called once, when the command is done. */
  end(): void {
    const columns = [...new Set(this.#rows.flatMap((row) => Object.keys(row)))];
    if (columns.length === 0) return;
    const lines = [columns, ...this.#rows.map((row) => columns.map((name) => textOf(row[name])))];
    const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
    for (const line of lines) {
      const cells = line.map((cell, at) => cell.padEnd(widths[at] ?? 0));
      this.write(`${cells.join('  ').trimEnd()}\n`);
    }
    this.#rows = [];
  }
}

/** Control characters of somebody else's text would move the cursor of whoever reads it. */
function textOf(value: Value): string {
  return String(value ?? '').replaceAll(/\p{Cc}/gu, (found) => JSON.stringify(found).slice(1, -1));
}
