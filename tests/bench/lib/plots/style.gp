# What all plots have in common. Before it come TITLE and $series0 to $series<N-1>, each with a name in its first line.
# A background of its own, as the page may be dark; colours that can be told apart by all, and marks besides.
set terminal svg size 720,400 dynamic background "#ffffff" font "sans-serif,13"
set title TITLE
set border 3 lc "#404040"
set tics nomirror
set grid lt 1 lc rgb "#dcdcdc"
set key autotitle columnhead
set key outside above center reverse Left samplen 2 maxrows 2
array COLOURS[8] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#404040", "#56b4e9", "#8a5a2b"]
SERIES(i) = sprintf("$series%d", i)
