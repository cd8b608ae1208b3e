// The page on which the owner of an instance chooses a passphrase. What is sent in its place is made here, as Bitwarden's
// clients and the stack have it (docs/cozy-data.md, "Passphrase" and the vault): whoever runs the server never sees the
// passphrase. Browsers lend their cryptography only to pages that came over HTTPS, or from the machine itself: elsewhere
// the passphrase is sent as it is, and the server does the same.

(() => {
  const VAULT_KEY_BYTES = 64;
  const IV_BYTES = 16;
  const WEAK_BITS = 45;
  const FAIR_BITS = 65;

  /**
   * @template {HTMLElement} Kind
   * @param {string} id
   * @param {new () => Kind} kind
   * @returns {Kind}
   */
  function element(id, kind) {
    const found = document.getElementById(id);
    if (!(found instanceof kind)) throw new Error(`no ${id}`);
    return found;
  }

  const form = element('choose', HTMLFormElement);
  const typed = element('typed', HTMLInputElement);
  const hint = element('hint', HTMLInputElement);
  const show = element('show', HTMLButtonElement);
  const save = element('save', HTMLButtonElement);
  const problem = element('problem', HTMLElement);
  const working = element('working', HTMLElement);
  const strength = element('strength', HTMLElement);
  const level = element('level', HTMLElement);

  /** @param {string} name */
  const say = (name) => form.dataset[name] ?? '';

  const canHash = window.isSecureContext && crypto.subtle !== undefined;
  let isBusy = false;

  /** @param {string} text */
  const bytesOf = (text) => new TextEncoder().encode(text);

  /** @param {ArrayBuffer | Uint8Array<ArrayBuffer>} bytes */
  const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

  /** @param {number} length */
  const randomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));

  /**
   * PBKDF2-HMAC-SHA256, 32 bytes.
   * @param {BufferSource} password
   * @param {BufferSource} salt
   * @param {number} iterations
   */
  async function derive(password, salt, iterations) {
    const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
    return await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, 256);
  }

  /**
   * AES-256-CBC with padding.
   * @param {BufferSource} clear
   * @param {BufferSource} rawKey
   * @param {Uint8Array<ArrayBuffer>} iv
   */
  async function encrypt(clear, rawKey, iv) {
    const key = await crypto.subtle.importKey('raw', rawKey, 'AES-CBC', false, ['encrypt']);
    return await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, key, clear);
  }

  /**
   * HMAC-SHA256 of an IV and what was encrypted with it.
   * @param {BufferSource} rawKey
   * @param {Uint8Array<ArrayBuffer>} iv
   * @param {ArrayBuffer} encrypted
   */
  async function authenticate(rawKey, iv, encrypted) {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('raw', rawKey, algorithm, false, ['sign']);
    return await crypto.subtle.sign('HMAC', key, await new Blob([iv, encrypted]).arrayBuffer());
  }

  /** @param {Uint8Array<ArrayBuffer>} vaultKey */
  async function makeKeyPair(vaultKey) {
    const algorithm = {
      name: 'RSA-OAEP',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: 'SHA-1',
    };
    const pair = await crypto.subtle.generateKey(algorithm, true, ['encrypt', 'decrypt']);
    const iv = randomBytes(IV_BYTES);
    const pkcs8 = await crypto.subtle.exportKey('pkcs8', pair.privateKey);
    const sealed = await encrypt(pkcs8, vaultKey.slice(0, 32), iv);
    const mac = await authenticate(vaultKey.slice(32), iv, sealed);
    return {
      public_key: base64(await crypto.subtle.exportKey('spki', pair.publicKey)),
      private_key: `2.${base64(iv)}|${base64(sealed)}|${base64(mac)}`,
    };
  }

  /**
   * What is sent in place of a passphrase.
   * @param {string} passphrase
   * @param {string} salt
   * @param {number} iterations
   * @returns {Promise<Record<string, string>>}
   */
  async function makeKeys(passphrase, salt, iterations) {
    const masterKey = await derive(bytesOf(passphrase), bytesOf(salt), iterations);
    const vaultKey = randomBytes(VAULT_KEY_BYTES);
    const iv = randomBytes(IV_BYTES);
    return {
      passphrase: base64(await derive(masterKey, bytesOf(passphrase), 1)),
      iterations: String(iterations),
      key: `0.${base64(iv)}|${base64(await encrypt(vaultKey, masterKey, iv))}`,
      ...(await makeKeyPair(vaultKey)),
    };
  }

  /** @param {string} passphrase */
  function levelOf(passphrase) {
    const characters = Array.from(passphrase);
    if (characters.length < Number(form.dataset['least'])) return 'short';
    const kinds = [
      [/[a-z]/, 26],
      [/[A-Z]/, 26],
      [/[0-9]/, 10],
      [/ /, 1],
      [/[!-/:-@[-`{-~]/, 32],
      [/[^ -~]/, 100],
    ];
    const choices = kinds.reduce((sum, [kind, count]) => {
      const isUsed = kind instanceof RegExp && kind.test(passphrase);
      return isUsed ? sum + Number(count) : sum;
    }, 0);
    // A character that was there before adds little.
    const different = new Set(characters).size;
    const bits = (different + (characters.length - different) / 4) * Math.log2(choices);
    if (bits < WEAK_BITS) return 'weak';
    return bits < FAIR_BITS ? 'fair' : 'good';
  }

  function showStrength() {
    const found = levelOf(typed.value);
    const words = { short: 'tooShort', weak: 'weak', fair: 'fair', good: 'good' };
    strength.hidden = typed.value === '';
    strength.dataset['level'] = found;
    // It is read out when it changes, not with each key.
    const text = strength.hidden ? '' : say(words[found]);
    if (level.textContent !== text) level.textContent = text;
  }

  /**
   * Says what is wrong right below the field that it is about, or above the button.
   * @param {string} text
   * @param {HTMLInputElement} [field]
   */
  function complain(text, field) {
    if (field === undefined) save.before(problem);
    else (field.closest('.row') ?? field).after(problem);
    problem.textContent = text;
    for (const [each, rule] of /** @type {const} */ ([
      [typed, 'rule'],
      [hint, 'hint-rule'],
    ])) {
      if (each === field) each.setAttribute('aria-invalid', 'true');
      else each.removeAttribute('aria-invalid');
      each.setAttribute('aria-describedby', each === field ? `problem ${rule}` : rule);
    }
    field?.focus();
  }

  /** @returns whether what was typed can be taken */
  function check() {
    if (typed.value === '') complain(say('empty'), typed);
    else if (levelOf(typed.value) === 'short') complain(say('short'), typed);
    else if (hint.value.trim() === typed.value) complain(say('hintIsPassword'), hint);
    else {
      complain('');
      return true;
    }
    return false;
  }

  /** @param {boolean} busy */
  function setBusy(busy) {
    isBusy = busy;
    save.disabled = busy;
    form.setAttribute('aria-busy', String(busy));
    working.textContent = busy ? say('working') : '';
  }

  /** @param {Record<string, string>} values */
  function fill(values) {
    for (const [name, value] of Object.entries(values)) {
      const field = form.elements.namedItem(name);
      if (field instanceof HTMLInputElement) field.value = value;
    }
  }

  async function hashAndSend() {
    try {
      fill(await makeKeys(typed.value, say('salt'), Number(form.dataset['iterations'])));
    } catch {
      setBusy(false);
      complain(say('failed'));
      return;
    }
    form.submit();
  }

  form.addEventListener('submit', (event) => {
    if (isBusy || !check()) {
      event.preventDefault();
      return;
    }
    setBusy(true);
    if (!canHash) return;
    event.preventDefault();
    void hashAndSend();
  });

  show.addEventListener('click', () => {
    const isShown = typed.type === 'text';
    typed.type = isShown ? 'password' : 'text';
    show.setAttribute('aria-pressed', String(!isShown));
  });

  typed.addEventListener('input', showStrength);

  // A browser that goes back shows the page as it was left.
  window.addEventListener('pageshow', () => {
    setBusy(false);
    showStrength();
  });

  if (canHash) {
    // What is typed has no name from here on, so that it is never sent.
    const sent = document.createElement('input');
    sent.type = 'hidden';
    sent.name = typed.name;
    typed.removeAttribute('name');
    form.append(sent);
  } else {
    element('insecure', HTMLElement).hidden = false;
  }
  // What the server complained of is read out with its field.
  if (problem.textContent !== '') (hint.hasAttribute('aria-invalid') ? hint : typed).focus();
  show.hidden = false;
  save.hidden = false;
  setBusy(false);
})();
