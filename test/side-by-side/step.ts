/** An object as a history stages it: everything that its value in a range depends on. */
export interface Entry {
  readonly address: string;
  readonly checksum: string;
  readonly sizeBytes: number;
  /** Whole seconds. */
  readonly modifiedAt: number;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * A branch, a tag or a commit, with modifiers. `#3` is the history's fourth commit: commits are
 * numbered as they come up, since each server has ids of its own.
 */
export type RefText = string;

export type Strategy = '' | 'source-wins' | 'dest-wins';

/** One source of an import; `path` is below the folder of imports. */
export interface ImportSource {
  readonly type: 'common_prefix' | 'object';
  readonly path: string;
  readonly destination: string;
}

/** What one request asks for. */
export type Step =
  | { readonly do: 'stage'; readonly branch: string; readonly path: string; readonly entry: Entry }
  | { readonly do: 'unstage'; readonly branch: string; readonly path: string }
  | {
      readonly do: 'commit';
      readonly branch: string;
      readonly message: string;
      readonly metadata: Readonly<Record<string, string>>;
      /** Whole seconds. */
      readonly date: number;
      readonly allowsEmpty: boolean;
    }
  | { readonly do: 'branch'; readonly branch: string; readonly from: RefText }
  | { readonly do: 'delete branch'; readonly branch: string }
  | { readonly do: 'tag'; readonly tag: string; readonly of: RefText }
  | { readonly do: 'delete tag'; readonly tag: string }
  | {
      readonly do: 'merge';
      readonly source: RefText;
      readonly branch: string;
      readonly strategy: Strategy;
      readonly isSquash: boolean;
      readonly allowsEmpty: boolean;
      readonly message: string;
    }
  | {
      readonly do: 'revert';
      readonly branch: string;
      readonly of: RefText;
      /** From 1; 0: the commit has but one. */
      readonly parent: number;
      readonly allowsEmpty: boolean;
      readonly message: string;
    }
  | {
      readonly do: 'cherry-pick';
      readonly branch: string;
      readonly of: RefText;
      readonly parent: number | undefined;
      readonly message: string;
      /** In place of the commit's own; undefined: its own. */
      readonly metadata: Readonly<Record<string, string>> | undefined;
    }
  | {
      readonly do: 'reset';
      readonly branch: string;
      readonly scope: 'reset' | 'common_prefix' | 'object';
      readonly path: string;
    }
  | {
      readonly do: 'import';
      readonly branch: string;
      readonly sources: readonly ImportSource[];
      readonly message: string;
    }
  | { readonly do: 'hard reset'; readonly branch: string; readonly to: RefText }
  | {
      readonly do: 'diff';
      readonly left: RefText;
      readonly right: RefText;
      readonly type: 'two_dot' | 'three_dot';
      readonly prefix: string;
      readonly delimiter: '' | '/';
    }
  | {
      readonly do: 'list';
      readonly ref: RefText;
      readonly prefix: string;
      readonly delimiter: '' | '/';
      readonly after: string;
      readonly amount: number;
    }
  | { readonly do: 'log'; readonly ref: RefText; readonly isFirstParent: boolean }
  | { readonly do: 'merge base'; readonly source: RefText; readonly branch: string };

/** A step that may change its branch. */
export const branchOf = (step: Step): string | undefined =>
  'branch' in step && step.do !== 'merge base' ? step.branch : undefined;
