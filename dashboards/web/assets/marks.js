// Where the words of a plot's marks stand. A word meets no other word, and the line of a mark meets no
// word but its own, if that can be had.
"use strict";

// layoutMarks takes marks with their place x and the width of their word, in any unit, and the left and
// right edge of the room. It returns for each mark the left edge of its word and its row: rows are
// counted from the plot upward. Words of one row are at least gap apart.
function layoutMarks(marks, left, right, gap) {
  const order = marks.map((_, i) => i).sort((a, b) => marks[a].x - marks[b].x);
  for (let rows = 1; rows <= marks.length; rows++) {
    const found = placeMarks(marks, order, [], rows, left, right, gap);
    if (found) return byMark(marks, order, found);
  }
  // A row for each: words meet no words, whatever the lines do.
  return byMark(marks, order, order.map((i, n) => ({ ...spots(marks[i], left, right, gap)[0], row: n })));
}

function byMark(marks, order, found) {
  const all = new Array(marks.length);
  order.forEach((i, n) => { all[i] = { left: found[n].left, row: found[n].row }; });
  return all;
}

// spots are where a word may stand: beside its line on either side, the one that it prefers first; and where
// neither has room, as near as the edges let it.
function spots(mark, left, right, gap) {
  const width = Math.min(mark.width, right - left);
  const after = mark.x + gap, before = mark.x - gap - width;
  const sides = mark.side < 0 ? [before, after] : [after, before];
  const fits = sides.filter((at) => at >= left && at + width <= right);
  const near = Math.max(left, Math.min(right - width, mark.x - width / 2));
  return (fits.length ? fits : [near]).map((at) => ({ x: mark.x, left: at, end: at + width }));
}

// placeMarks tries every spot and row for the next mark, and gives up where none is left.
function placeMarks(marks, order, placed, rows, left, right, gap) {
  if (placed.length === order.length) return placed;
  for (const spot of spots(marks[order[placed.length]], left, right, gap)) {
    for (let row = 0; row < rows; row++) {
      const one = { ...spot, row };
      if (placed.some((other) => meet(one, other, gap))) continue;
      const found = placeMarks(marks, order, [...placed, one], rows, left, right, gap);
      if (found) return found;
    }
  }
  return null;
}

// meet says whether two words of one row meet, or a word and the line of the other, which passes the rows below its own.
function meet(a, b, gap) {
  if (a.row === b.row) return a.left < b.end + gap && b.left < a.end + gap;
  const [low, high] = a.row < b.row ? [a, b] : [b, a];
  return high.x > low.left - 1 && high.x < low.end + 1;
}
