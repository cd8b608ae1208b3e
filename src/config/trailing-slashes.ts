/** The text without the slashes at its end. Its time is linear: an expression for that tries anew at each slash. */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === '/') end -= 1;
  return text.slice(0, end);
}
