import type { StoredInstance } from '../documents/instance-document.ts';
import { otherStorage } from '../documents/other-storage.ts';
import { Refusal } from '../errors.ts';

/** @throws Refusal `swift`, `other_storage` where the files of a destroyed instance would stay behind */
export function refuseFilesLeft(instance: StoredInstance): void {
  refuseOtherStorage(
    instance,
    'which cannot be cleaned yet',
    'Nothing more was touched. Destroy it with its stack.',
  );
}

/** @throws Refusal `swift`, `other_storage` where the files of an application would be somewhere else */
export function refuseOtherAppStorage(instance: StoredInstance): void {
  refuseOtherStorage(instance, 'where applications cannot be installed yet', 'Install them with its stack.');
}

/**
 * @param consequence what cannot be done for that reason, to go into the sentence
 * @throws Refusal `swift`, `other_storage`
 */
export function refuseOtherStorage(instance: StoredInstance, consequence: string, advice: string): void {
  const elsewhere = otherStorage(instance);
  if (elsewhere === undefined) return;
  throw new Refusal(
    elsewhere.code,
    `the files of ${instance.domain} are in ${elsewhere.name}, ${consequence}`,
    advice,
  );
}
