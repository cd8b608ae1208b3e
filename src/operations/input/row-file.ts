import type { Readable } from 'node:stream';
import { chunks } from '../../chunk.ts';
import { INSTANCE_FLAGS } from '../../instances/options/flags.ts';
import {
  type CheckRowsOptions,
  checkedRows,
  creationCheck,
  type GoodRow,
  type InvalidRow,
  type RowCheck,
  type RowOptions,
} from './check-rows.ts';
import { createKeptRows, type KeptRows } from './kept-rows.ts';
import type { NamesOfFile } from './names-of-file.ts';
import { readRows } from './read-rows.ts';
import { type Row, type RowFormat, type RowProblem, rowFormat } from './row-format.ts';
import { type InputSource, type SpooledInput, spoolInput } from './spool.ts';

/** Good rows of a page, where they are read again because they could not be kept. */
const PAGE = 500;

/** An operator's file, which can be read as often as needed. */
export interface RowFile<Parsed> {
  /** As it is shown to the operator. */
  readonly name: string;
  /**
   * Its rows, checked, in the order of the file, with what is odd about them.
   * @param keep whether the good ones are kept for `goodPages`; where that fails, they are read again
   * @param names where those of the good ones are kept, too
   * @throws InputError when it cannot be read on
   */
  rows(keep?: 'keep', names?: NamesOfFile): AsyncGenerator<GoodRow<Parsed> | InvalidRow>;
  /**
   * Its good rows in their order, page by page: those that were kept, as they were then.
   * @throws InputError when they have to be read again and the file has changed
   */
  goodPages(): AsyncGenerator<readonly GoodRow<Parsed>[]>;
  close(): Promise<void>;
}

/** Finds out of which form an input is, and reads its rows as often as asked. @param told of the form, where that was said */
export type RowsReader = (
  input: SpooledInput,
  columns: readonly string[],
  told: RowFormat | undefined,
) => Promise<(stream: Readable) => AsyncIterable<Row | RowProblem>>;

const usualReader: RowsReader = async (input, columns, told) => {
  const { name: file } = input;
  const format = told ?? (await rowFormat(file, () => input.open()));
  return (stream) => readRows(stream, format, { file, columns });
};

/**
 * @param source path, `-` for `stdin`, or a stream
 * @param columns those that may occur; `domain` among them
 * @throws InputError when there is nothing to read
 */
export async function openRowFile<Parsed extends object>(
  source: InputSource,
  stdin: Readable,
  check: RowCheck<Parsed>,
  columns: readonly string[] = INSTANCE_FLAGS,
  reader: RowsReader = usualReader,
): Promise<RowFile<Parsed>> {
  const input = await spoolInput(source, stdin);
  try {
    const told = typeof source === 'object' ? source.format : undefined;
    const rowsOf = await reader(input, columns, told);
    const keeper = createKeeper<GoodRow<Parsed>>();
    const checked = (withDoubts: boolean, names?: NamesOfFile) =>
      checkedRows(rowsOf(input.open()), check, withDoubts, names);
    return {
      name: input.name,
      rows: (keep, names) =>
        keep === undefined ? checked(true, names) : keeper.keeping(checked(true, names)),
      goodPages: () => keeper.pages() ?? chunks(goodOf(checked(false)), PAGE),
      async close() {
        try {
          await keeper.close();
        } finally {
          await input.close();
        }
      },
    };
  } catch (error) {
    await input.close();
    throw error;
  }
}

/** Keeps the good rows of a file that is read from its first row to its last. */
interface Keeper<Good> {
  /** The same rows. Room for them may be lacking: nothing fails then, and none are kept. */
  keeping<Bad extends InvalidRow>(rows: AsyncIterable<Good | Bad>): AsyncGenerator<Good | Bad>;
  /** Undefined where none are kept. */
  pages(): AsyncGenerator<readonly Good[]> | undefined;
  close(): Promise<void>;
}

function createKeeper<Good extends { readonly kind: 'valid' }>(): Keeper<Good> {
  let kept: KeptRows<Good> | undefined;

  async function close(): Promise<void> {
    const open = kept;
    kept = undefined;
    await open?.close();
  }

  return {
    async *keeping(rows) {
      await close();
      let open = await orNone(createKeptRows<Good>());
      try {
        for await (const row of rows) {
          if (row.kind === 'valid' && open !== undefined && !(await isDone(open.add(row)))) {
            await open.close();
            open = undefined;
          }
          yield row;
        }
        if (open !== undefined && (await isDone(open.end()))) {
          kept = open;
          open = undefined;
        }
      } finally {
        await open?.close();
      }
    },
    pages: () => kept?.pages(),
    close,
  };
}

async function orNone<T>(work: Promise<T>): Promise<T | undefined> {
  return await work.catch(() => undefined);
}

async function isDone(work: Promise<void>): Promise<boolean> {
  return await work.then(
    () => true,
    () => false,
  );
}

async function* goodOf<Parsed>(
  rows: AsyncIterable<GoodRow<Parsed> | InvalidRow>,
): AsyncGenerator<GoodRow<Parsed>> {
  for await (const row of rows) if (row.kind === 'valid') yield row;
}

/** An operator's file of instances to be made. */
export type InstanceFile = RowFile<RowOptions>;

/** @param source path, `-` for `stdin`, or a stream. @throws InputError when there is nothing to read */
export async function openInstanceFile(
  source: InputSource,
  stdin: Readable,
  options: CheckRowsOptions,
): Promise<InstanceFile> {
  return await openRowFile(source, stdin, creationCheck(options));
}
