/**
 * What a job or a trigger of a stack says to its worker: of documents in the stack's old form, which is JSON in base64, what
 * is in there (`UnmarshalJSON` of `Message` in `model/job/broker.go`).
 * @param value `message` of the document, as it is stored
 * @returns undefined where it cannot be read
 */
export function stackMessage(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (!('Type' in value) || value.Type !== 'json') return value;
  if (!('Data' in value) || typeof value.Data !== 'string') return value;
  try {
    const message: unknown = JSON.parse(Buffer.from(value.Data, 'base64').toString('utf8'));
    return message;
  } catch {
    return undefined;
  }
}
