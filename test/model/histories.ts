import fc from 'fast-check';

/** One step of a random history; names are picked from small sets, so that steps meet. */
export type Step =
  | { readonly do: 'upload'; readonly branch: string; readonly path: string; readonly body: string }
  | { readonly do: 'delete'; readonly branch: string; readonly path: string }
  | { readonly do: 'commit'; readonly branch: string; readonly allowsEmpty: boolean }
  | { readonly do: 'branch'; readonly branch: string; readonly from: string }
  | { readonly do: 'delete branch'; readonly branch: string }
  | { readonly do: 'tag'; readonly tag: string; readonly ref: string }
  | { readonly do: 'delete tag'; readonly tag: string };

const branch = fc.constantFrom('main', 'main', 'dev', 'wip');
const tag = fc.constantFrom('v1', 'v2');
/** Few, so that tokens, commits and tombstones meet on them; their order is no UTF-16 order. */
const path = fc.constantFrom('a', 'a/b', 'a0', 'b/x', 'ä z/ö', '\uFFFD', '\u{1F600}');
const body = fc.constantFrom('', 'one');
const ref = fc.oneof(branch, tag, fc.constantFrom('main~1', 'dev^', 'main@', 'v1~2'));

/** Histories of so many steps. */
export const histories = (stepsMax: number): fc.Arbitrary<readonly Step[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({ do: fc.constant('upload' as const), branch, path, body }),
      },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('delete' as const), branch, path }) },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('commit' as const),
          branch,
          allowsEmpty: fc.boolean(),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('branch' as const), branch, from: ref }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('delete branch' as const), branch }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('tag' as const), tag, ref }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('delete tag' as const), tag }) },
    ),
    { minLength: stepsMax, maxLength: stepsMax },
  );
