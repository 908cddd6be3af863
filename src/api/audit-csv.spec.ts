import { describe, expect, it } from '@jest/globals';
import { cellOf } from './audit-csv.js';

describe('a cell of a table', () => {
  it.each(['=1+1', '+1', '-1', '@x', '\tx', '\rx', '\nx', "'x"])(
    'that a spreadsheet would run, %j, has an apostrophe before it',
    (text) => {
      expect(cellOf(text).replace(/^"|"$/g, '')).toBe(`'${text}`);
    },
  );

  it.each([
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\r\nb', '"a\r\nb"'],
    ['a=b', 'a=b'],
    ['', ''],
  ])('%j is written as %j', (text, cell) => {
    expect(cellOf(text)).toBe(cell);
  });
});
