set xlabel "machines"
set ylabel "ms"
set logscale xy
set xrange [2:7000]
set yrange [1:*]
set xtics (3, 10, 30, 100, 300, "1,000" 1000, "5,000" 5000)
set ytics (1, 2, 5, 10, 20, 50, 100, 200, 500, "1,000" 1000, "2,000" 2000, "5,000" 5000)
plot for [i=0:N-1] SERIES(i) using 1:2 with linespoints lw 2 pt i+4 ps 0.8 lc rgb COLOURS[i+1]
