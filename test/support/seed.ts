/** What a random test starts from: `SEED=` gives a failed run again. Stands in the test's name. */
export const seed: number = Number(process.env['SEED'] ?? Date.now() % 0x7fff_ffff);
