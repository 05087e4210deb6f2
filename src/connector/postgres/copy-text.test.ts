import { expect, it } from 'vitest';
import { copyText } from './copy-text.ts';

it('writes a line per row, with what would end a value escaped', () => {
  const rows = [
    { values: ['a', null, 'x\ty'] },
    { values: ['\\N', undefined, 'back\\slash\r\nand a line'] },
    { values: ['\\.', '', 'é'] },
  ];
  expect(copyText(rows, [0, 1, 2]).toString()).toBe(
    String.raw`a	\N	x\ty
\\N	\N	back\\slash\r\nand a line
\\.		é
`,
  );
});

it('writes the columns that are asked for, in their order', () => {
  expect(copyText([{ values: ['a', 'b', 'c'] }], [2, 0]).toString()).toBe('c\ta\n');
});
