export type RequestCommand =
  | { readonly type: 'BeginRequest'; readonly fingerprint: string; readonly nowMs: number }
  | {
      readonly type: 'AnswerRequest';
      /** Of the event that began what is answered. */
      readonly begunAt: number;
      readonly sealedAnswer: string;
      /** It says that nothing was done. */
      readonly isRefusal: boolean;
    }
  | { readonly type: 'ForgetRequest'; readonly nowMs: number };
