/** A file that a repository can begin with. */
export interface SampleFile {
  readonly path: string;
  readonly contentType: string;
  readonly text: string;
}

interface Lake {
  readonly name: string;
  readonly continent: string;
  readonly areaKm2: number;
  readonly depthM: number;
  readonly isSalt: boolean;
}

const lake = (
  name: string,
  continent: string,
  [areaKm2, depthM]: readonly [number, number],
  isSalt = false,
): Lake => ({ name, continent, areaKm2, depthM, isSalt });

/** Surface and greatest depth, rounded. */
const LAKES: readonly Lake[] = [
  lake('Caspian Sea', 'Asia', [371_000, 1_025], true),
  lake('Superior', 'North America', [82_100, 406]),
  lake('Victoria', 'Africa', [68_800, 84]),
  lake('Huron', 'North America', [59_600, 229]),
  lake('Michigan', 'North America', [57_800, 281]),
  lake('Tanganyika', 'Africa', [32_900, 1_470]),
  lake('Baikal', 'Asia', [31_500, 1_642]),
  lake('Great Bear', 'North America', [31_000, 446]),
  lake('Malawi', 'Africa', [29_500, 706]),
  lake('Ladoga', 'Europe', [17_700, 230]),
  lake('Balkhash', 'Asia', [16_400, 26], true),
  lake('Titicaca', 'South America', [8_370, 281]),
  lake('Issyk-Kul', 'Asia', [6_240, 668], true),
  lake('Vänern', 'Europe', [5_650, 106]),
  lake('Geneva', 'Europe', [580, 310]),
];

const FIELDS = ['name', 'continent', 'area_km2', 'depth_m', 'is_salt'] as const;

const rowOf = ({ name, continent, areaKm2, depthM, isSalt }: Lake) =>
  [name, continent, areaKm2, depthM, isSalt] as const;

const csv = () => [FIELDS, ...LAKES.map(rowOf)].map((row) => `${row.join(',')}\n`).join('');

const jsonLines = () =>
  LAKES.map((each) => {
    const values = rowOf(each);
    const fields = Object.fromEntries(FIELDS.map((field, at) => [field, values[at]]));
    return `${JSON.stringify(fields)}\n`;
  }).join('');

const SCHEMA = {
  title: 'Lake',
  type: 'object',
  properties: {
    name: { type: 'string' },
    continent: { type: 'string' },
    area_km2: { type: 'integer', description: 'surface' },
    depth_m: { type: 'integer', description: 'greatest depth' },
    is_salt: { type: 'boolean' },
  },
  required: FIELDS,
};

/** The five deepest, as bars. */
function drawing(): string {
  const deepest = LAKES.toSorted((left, right) => right.depthM - left.depthM).slice(0, 5);
  const bars = deepest.flatMap(({ name, depthM }, at) => [
    `  <rect x="${20 + at * 90}" y="30" width="60" height="${Math.round(depthM / 8)}"/>`,
    `  <text x="${50 + at * 90}" y="20" text-anchor="middle">${name}, ${depthM} m</text>`,
  ]);
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" width="470" height="250" font-size="10" fill="#246">',
    ...bars,
    '</svg>\n',
  ].join('\n');
}

const readme = (repository: string, branch: string) => `# Welcome to ${repository}

This repository began with a few files to try things on:

| path | what it is |
|---|---|
| \`data/lakes.csv\` | ${LAKES.length} lakes, as a table |
| \`data/lakes.jsonl\` | the same, one JSON a line |
| \`data/lakes.schema.json\` | what each field means |
| \`images/deepest.svg\` | the deepest five, drawn |

## Try it

Make a branch, change something there, and look at the difference before it is merged:

    lakectl branch create lakefs://${repository}/try --source lakefs://${repository}/${branch}
    lakectl fs cat lakefs://${repository}/try/data/lakes.csv > lakes.csv
    echo "Wannsee,Europe,3,9,false" >> lakes.csv
    lakectl fs upload --source lakes.csv lakefs://${repository}/try/data/lakes.csv
    lakectl diff lakefs://${repository}/try
    lakectl commit lakefs://${repository}/try -m "One more lake"
    lakectl merge lakefs://${repository}/try lakefs://${repository}/${branch}

Nobody who reads \`${branch}\` has seen anything of it before the merge. Was it wrong? Then take it
back:

    lakectl branch revert lakefs://${repository}/${branch} ${branch} --parent-number 1
`;

/** Returns what a repository with samples begins with. */
export function sampleFiles(of: { repository: string; branch: string }): readonly SampleFile[] {
  return [
    { path: 'README.md', contentType: 'text/markdown', text: readme(of.repository, of.branch) },
    { path: 'data/lakes.csv', contentType: 'text/csv', text: csv() },
    { path: 'data/lakes.jsonl', contentType: 'application/x-ndjson', text: jsonLines() },
    {
      path: 'data/lakes.schema.json',
      contentType: 'application/json',
      text: `${JSON.stringify(SCHEMA, null, 2)}\n`,
    },
    { path: 'images/deepest.svg', contentType: 'image/svg+xml', text: drawing() },
  ];
}
