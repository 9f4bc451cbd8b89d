# A line rises at each sample by its share of them all.
set xlabel "ms"
set xrange [0:*]
set yrange [0:1]
set ytics ("none" 0, "a quarter" 0.25, "half" 0.5, "three quarters" 0.75, "all" 1)
plot for [i=0:N-1] SERIES(i) using 1:2 with steps lw 2 lc rgb COLOURS[i+1]
