/** The little of a framework that the page needs. Everything from the feed goes in as text. */

type Child = Node | string | undefined;

export function el<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** @throws where the markup has none: a defect. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element ${id}`);
  return element;
}

/** Only where it changes: a text that is set anew loses what a reader has selected in it. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setColor(element: HTMLElement, color: string): void {
  element.style.setProperty('background', `var(--${color})`);
}

/** A name of the page's colours, as it is in the scheme that is shown. */
export function inkOf(color: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${color}`).trim();
}

/** Buttons of which one is pressed. */
export function choice<Value extends string>(
  fieldset: HTMLElement,
  options: readonly (readonly [Value, string])[],
  chosen: Value,
  onChoose: (value: Value) => void,
): void {
  for (const [value, text] of options) {
    const input = el('input', { type: 'radio', name: fieldset.id, value, ...(value === chosen ? { checked: '' } : {}) });
    input.addEventListener('change', () => onChoose(value));
    fieldset.append(el('label', {}, input, text));
  }
}
