/**
 * The page's colours by name, for light and for dark. Text stands off its ground by at least 4.5 : 1, and what pictures
 * draw by at least 3 : 1 (WCAG 2.2, 1.4.3 and 1.4.11); a test computes it.
 */
export type Palette = Readonly<Record<string, string>>;

const light: Palette = {
  paper: '#ffffff',
  panel: '#f5f7f9',
  ink: '#1a1f25',
  muted: '#56616c',
  line: '#d7dde3',
  link: '#1d56c0',
  good: '#0b7a4b',
  bad: '#bf2130',
  unsure: '#8f5a06',
  same: '#56616c',
  band: '#e6ebf0',
  shade: '#00000033',
  whole: '#66727e',
  held: '#bfe5d0',
  part: '#f4e2b3',
  against: '#f6cdd0',
  ...numbered('line', ['#1f66d0', '#ae5600', '#177d48', '#8b46c7', '#c22f4e', '#0a7a87', '#7a5a2b', '#b0358f']),
  ...numbered('part', [
    '#1f77b4',
    '#2a9585',
    '#a38200',
    '#7d8a1f',
    '#9a5fb4',
    '#4f63d8',
    '#c4555f',
    '#4f8f3f',
    '#8c4a70',
    '#c46a1b',
    '#75808b',
    '#3d4650',
  ]),
};

const dark: Palette = {
  paper: '#14181c',
  panel: '#1c2126',
  ink: '#e7ebee',
  muted: '#9ba7b2',
  line: '#343c44',
  link: '#85aeff',
  good: '#45c48a',
  bad: '#ff7a7a',
  unsure: '#e3ad45',
  same: '#9ba7b2',
  band: '#29313a',
  shade: '#00000080',
  whole: '#84909c',
  held: '#1c5b40',
  part: '#5c4a18',
  against: '#652b32',
  ...numbered('line', ['#6ea8ff', '#f0a04b', '#4fcf8f', '#c494ff', '#ff7f93', '#4fc6d6', '#d6b27a', '#f08ad6']),
  ...numbered('part', [
    '#5fb0e6',
    '#4fc0ae',
    '#d9bb4a',
    '#b3bf55',
    '#c491dc',
    '#8796f5',
    '#ec8a92',
    '#7fc46b',
    '#c986ab',
    '#ea9a52',
    '#9aa5b0',
    '#d7dee5',
  ]),
};

export const PALETTES = { light, dark } as const;

export function declarations(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, color]) => `--${name}: ${color};`)
    .join(' ');
}

function numbered(name: string, colors: readonly string[]): Palette {
  return Object.fromEntries(colors.map((color, index) => [`${name}-${index}`, color]));
}
