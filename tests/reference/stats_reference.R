# Reference values for alkpool.stats, computed in R and pinned by tests/test_stats.py.
#
# Regenerate: Rscript tests/reference/stats_reference.R
# It writes stats_reference.csv beside itself; the tests read that file and never run R.
# Needs R 4 with survival, brglm2 and vcd (Debian: r-cran-survival r-cran-brglm2 r-cran-vcd).
#
# One row per number: function and input as alkpool.stats takes them (the notation is explained
# where it is built), option, term, result, value, and the R function that gave it.

suppressPackageStartupMessages({
  library(survival)
  library(brglm2)
  library(vcd)
})

rows <- list()
record <- function(fun, input, option, term, result, value, source) {
  text <- ifelse(is.na(value), "nan", tolower(sprintf("%.15g", value)))
  rows[[length(rows) + 1]] <<- data.frame(
    "function" = fun, input = input, option = option, term = term, result = result,
    value = text, source = source, check.names = FALSE
  )
}
base_r <- paste("R", getRversion())
in_package <- function(package) paste0(base_r, " ", package, " ", packageVersion(package))

# --- proportions, written "k/n"; the option is the confidence ---------------------------------
proportions <- rbind(
  c(0, 1), c(1, 1), c(0, 7), c(7, 7), c(1, 10), c(9, 11), c(4, 6), c(12, 17), c(26, 82),
  c(150, 213), c(177, 262), c(999, 1000)
)
for (i in seq_len(nrow(proportions))) {
  for (confidence in c(0.9, 0.95)) {
    k <- proportions[i, 1]
    n <- proportions[i, 2]
    input <- paste0(k, "/", n)
    tail <- (1 - confidence) / 2
    score <- suppressWarnings(prop.test(k, n, conf.level = confidence, correct = FALSE))$conf.int
    exact <- binom.test(k, n, conf.level = confidence)$conf.int
    bayes <- c(
      if (k == 0) 0 else qbeta(tail, k + 0.5, n - k + 0.5),
      if (k == n) 1 else qbeta(1 - tail, k + 0.5, n - k + 0.5)
    )
    record("wilson", input, confidence, "", c("low", "high"), score,
           paste0(base_r, " prop.test(correct = FALSE)"))
    record("clopper_pearson", input, confidence, "", c("low", "high"), exact,
           paste(base_r, "binom.test"))
    record("jeffreys", input, confidence, "", c("low", "high"), bayes, paste(base_r, "qbeta"))
  }
}

# --- Fisher's exact test; rows of the table are separated by ";" ------------------------------
# fisher.test asks its root finder for four digits of the odds ratio; here it is asked for all.
fisher_precise <- stats::fisher.test
environment(fisher_precise) <- list2env(
  list(uniroot = function(...) stats::uniroot(..., tol = 1e-15)),
  parent = asNamespace("stats")
)
tables <- c(
  "150 63;27 22", "109 59;50 21", "3 1;1 3", "10 0;3 5", "0 4;6 2", "5 0;0 5", "8 2;2 8",
  "12 12;12 12", "40 260;3 9",
  "3 1 4;1 5 9", "19 20 9;32 30 11", "5 0 3;2 7 0", "5 3;2 9;0 4", "10 20 30 5;8 15 40 2",
  "26 18 10 5 3 4;9 30 8 7 1 2", "120 80 60 40;90 70 66 30", "5 3 2;1 6 4;2 2 9",
  "15 13 12;11 16 14;12 12 19", "8 3 4 2 1;2 5 3 6 2;1 2 7 3 4", "40 30 20;30 45 25;20 25 50",
  "5 3 2 1;1 6 4 2;2 2 9 3;0 1 2 5"
)
for (input in tables) {
  table <- do.call(rbind, lapply(strsplit(strsplit(input, ";")[[1]], " "), as.numeric))
  test <- fisher_precise(table, workspace = 2e7)
  record("fisher_exact", input, "", "", "p_value", test$p.value, paste(base_r, "fisher.test"))
  if (all(dim(table) == 2)) {
    record("fisher_exact", input, "", "", c("odds_ratio", "low", "high"),
           c(test$estimate, test$conf.int), paste(base_r, "fisher.test (uniroot tol 1e-15)"))
  }
}

# --- median survival; "+" marks a censored time, the option is the method ---------------------
# Collett's standard error of the median, eps = 0.05, from the event times of survfit alone.
collett <- function(fit) {
  event <- fit$n.event > 0
  time <- fit$time[event]
  surv <- fit$surv[event]
  se <- fit$std.err[event] * surv
  tiny <- sqrt(.Machine$double.eps)
  if (!any(surv <= 0.45 + tiny)) return(NA)
  u <- if (any(surv >= 0.55 - tiny)) max(which(surv >= 0.55 - tiny)) else 0
  l <- min(which(surv <= 0.45 + tiny))
  density <- (c(1, surv)[u + 1] - surv[l]) / (time[l] - c(0, time)[u + 1])
  at <- min(which(surv <= 0.5 + tiny))
  if (surv[at] == 0) NA else se[at] / density
}
written <- function(time, status) {
  paste(paste0(time, ifelse(status == 1, "", "+")), collapse = " ")
}
arm <- function(name) with(subset(aml, x == name), written(time, status))
times <- c(
  arm("Maintained"), arm("Nonmaintained"), with(ovarian, written(futime, fustat)),
  "1 2 3 4", "1 2 3+ 4+", "1 2", "5", "2 2 2+ 2+", "0 0 1 3", "3+ 4+", "1 2+ 3+ 4+ 5+",
  "1 2+ 3 4+ 5+ 6", "1 1 1 1 7 9", "1.5 2.5 2.5 4 4+ 6 8 8 9+ 12 16+ 20",
  paste(1:20, collapse = " "),
  "1.2 2.1 3.8 3.8 4.4 5.6 7.9 8.3 9.2 11.0 12.7 14.6 14.6+ 16.0+ 18.3 22.1+ 25.0"
)
for (input in times) {
  parts <- strsplit(input, " ")[[1]]
  status <- as.integer(!grepl("+", parts, fixed = TRUE))
  time <- as.numeric(sub("+", "", parts, fixed = TRUE))
  for (method in c("log-log", "linear", "normal")) {
    fit <- survfit(Surv(time, status) ~ 1, conf.type = if (method == "log-log") method else "plain")
    printed <- summary(fit)$table[c("median", "0.95LCL", "0.95UCL")]
    source <- paste(in_package("survival"), "survfit")
    if (method == "normal") {
      half <- qnorm(0.975) * collett(fit)
      printed[2:3] <- c(max(printed[1] - half, 0), printed[1] + half)
      source <- paste(source, "and Collett's formula in this script")
    }
    record("km_median", input, method, "", c("median", "low", "high"), printed, source)
  }
}

# --- logistic regression; "exposure adjuster events/rows" per stratum, ";" between strata -----
models <- c(
  "V1 - 2/27;V3 - 15/62",
  "V1 crizotinib 3/14;V1 alectinib 2/13;V3 crizotinib 6/30;V3 alectinib 14/32",
  "V1 crizotinib 6/14;V1 alectinib 1/8;V1 ceritinib 1/5;V3 crizotinib 4/28;V3 alectinib 1/24;V3 ceritinib 2/10",
  "a x 3/9;a y 5/12;b x 2/15;b y 7/11;c x 4/6;c y 6/8",
  "V1 - 0/27;V3 - 15/62",
  "V1 crizotinib 0/14;V1 alectinib 0/13;V3 crizotinib 6/30;V3 alectinib 14/32",
  "V1 crizotinib 8/14;V1 alectinib 5/8;V3 crizotinib 0/28;V3 alectinib 3/24;V3 lorlatinib 0/6",
  "V1 - 0/5;V3 - 5/5"
)
separated <- models[5:8]
expand <- function(input) {
  cells <- do.call(rbind, strsplit(strsplit(input, ";")[[1]], " "))
  counts <- matrix(as.numeric(unlist(strsplit(cells[, 3], "/"))), ncol = 2, byrow = TRUE)
  row <- rep(seq_len(nrow(cells)), counts[, 2])
  data.frame(
    outcome = unlist(lapply(seq_len(nrow(cells)), function(i) {
      rep(1:0, c(counts[i, 1], counts[i, 2] - counts[i, 1]))
    })),
    exposure = factor(cells[row, 1]), adjuster = factor(cells[row, 2])
  )
}
term_of <- function(names) {
  names <- sub("^\\(Intercept\\)$", "intercept", names)
  sub("^(exposure|adjuster)(.+)$", "\\1[\\2]", names)
}

# Firth: estimate and standard error from brglm2 (for the logit, its mean bias reduction is
# Firth's); limits and P values from the profile of the penalised likelihood, here maximised by
# general optimisers, which share nothing with the scoring algorithm under test.
penalised <- function(beta, x, y) {
  eta <- drop(x %*% beta)
  weight <- dlogis(eta)
  information <- crossprod(x, x * weight)
  sum(y * eta + plogis(-eta, log.p = TRUE)) + as.numeric(determinant(information)$modulus) / 2
}
profile_at <- function(value, term, x, y, start) {
  if (ncol(x) == 1) return(penalised(value, x, y))
  whole <- function(rest) append(rest, value, after = term - 1)
  objective <- function(rest) {
    fit <- -penalised(whole(rest), x, y)
    if (is.finite(fit)) fit else 1e10
  }
  best <- start[-term]
  for (round in 1:4) {
    best <- optim(best, objective, method = "BFGS",
                  control = list(maxit = 1000, reltol = 1e-16, ndeps = rep(1e-4, length(best))))$par
  }
  -objective(best)
}
for (input in models) {
  data <- expand(input)
  formula <- if (nlevels(data$adjuster) > 1) outcome ~ exposure + adjuster else outcome ~ exposure
  if (!input %in% separated) {
    fit <- glm(formula, binomial, data, control = glm.control(epsilon = 1e-14, maxit = 100))
    wald <- summary(fit)$coefficients
    limits <- exp(confint.default(fit))
    source <- paste(base_r, "glm and confint.default")
    for (i in seq_len(nrow(wald))) {
      record("logistic", input, "", term_of(rownames(wald)[i]),
             c("log_odds", "standard_error", "odds_ratio", "low", "high", "p_value"),
             c(wald[i, 1:2], exp(wald[i, 1]), limits[i, ], wald[i, 4]), source)
    }
  }
  fit <- glm(formula, binomial, data, method = "brglm_fit", type = "AS_mean",
             control = brglmControl(epsilon = 1e-12, maxit = 10000))
  x <- model.matrix(formula, data)
  y <- data$outcome
  estimate <- coef(fit)
  errors <- sqrt(diag(vcov(fit)))
  top <- penalised(estimate, x, y)
  source <- paste(in_package("brglm2"), "AS_mean; profile in this script")
  for (i in seq_along(estimate)) {
    fall <- function(value) 2 * (top - profile_at(value, i, x, y, estimate)) - qchisq(0.95, 1)
    edge <- function(step) {
      far <- estimate[i] + step
      while (fall(far) < 0) far <- far + step
      uniroot(fall, sort(c(far, estimate[i])), tol = 1e-11)$root
    }
    p_value <- pchisq(2 * (top - profile_at(0, i, x, y, estimate)), 1, lower.tail = FALSE)
    record("firth", input, "", term_of(names(estimate)[i]),
           c("log_odds", "standard_error", "odds_ratio", "low", "high", "p_value"),
           c(estimate[i], errors[i], exp(estimate[i]), exp(edge(-errors[i])),
             exp(edge(errors[i])), p_value), source)
  }
}

# --- kappa; the table of the two raters, rows separated by ";" --------------------------------
for (input in c("20 5;10 15", "45 15;25 15", "10 2 1;3 12 4;0 2 9", "7 0;0 5", "0 6;4 0",
                "1 1 0;0 6 0;1 0 0", "88 10 2;14 40 6;18 10 12")) {
  table <- do.call(rbind, lapply(strsplit(strsplit(input, ";")[[1]], " "), as.numeric))
  for (confidence in c(0.9, 0.95)) {
    fit <- Kappa(table)
    limits <- confint(fit, level = confidence)[1, ]
    record("kappa", input, confidence, "", c("kappa", "low", "high"),
           c(fit$Unweighted[["value"]], limits), paste(in_package("vcd"), "Kappa and confint"))
  }
}

# --- families of tests; the option is the method, the term the place in the family ------------
for (input in c("0.01 0.04 0.03 0.2", "0.044 0.455 0.03 0.005 0.54", "0.02 nan 0.02 0.9 nan 0.001",
                "0.3", "1 0.5 0 0.5")) {
  p <- as.numeric(sub("nan", NA, strsplit(input, " ")[[1]]))
  for (method in c("benjamini-hochberg", "holm")) {
    adjusted <- p.adjust(p, if (method == "holm") "holm" else "BH")
    record("adjust", input, method, as.character(seq_along(p)), "p_adjusted", adjusted,
           paste(base_r, "p.adjust"))
  }
}

script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
write.csv(do.call(rbind, rows), file.path(dirname(script), "stats_reference.csv"),
          row.names = FALSE, quote = FALSE, eol = "\n")
