"""Lines of laboratory reports as they come, each named after the kind it stands for."""

import contextlib
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alkpool import mutations
from alkpool.mutations import Reading, canonical, read
from alkpool.mutations.dna import CODE, protein_change
from alkpool.mutations.names import reference

READ = {
    "ClinVar name": ("NM_004304.5(ALK):c.3604G>A (p.Gly1202Arg)", "G1202R"),
    "protein with DNA in brackets": ("G1202R (c.3604G>A)", "G1202R"),
    "DNA and protein in one bracket": ("ALK (c.3604G>A, p.G1202R)", "G1202R"),
    "exon, DNA and protein in one bracket": ("ALK (exon 23: c.3604G>A, p.G1202R)", "G1202R"),
    "ANNOVAR": ("ALK:NM_004304:exon23:c.3604G>A:p.G1202R", "G1202R"),
    "ANNOVAR, base first": ("ALK:NM_004304:exon23:c.G3604A:p.G1202R", "G1202R"),
    "ANNOVAR, block": ("ALK:NM_004304:exon22:c.3512_3513AT", "I1171N"),
    "fusion by exons": ("EML4::ALK (E6;A20) variant 3a/b, ALK p.(Gly1202Arg)", "G1202R"),
    "fusion by variant and exons": ("EML4-ALK variant 1 (E13;A20), ALK G1202R.", "G1202R"),
    "DNA joined by and": ("c.3604G>A and c.3586C>A", "L1196M+G1202R"),
    "DNA joined by plus": ("NM_004304.5:c.3604G>A + NM_004304.5:c.3586C>A", "L1196M+G1202R"),
    "DNA joined by a slash": ("c.3604G>A/c.3586C>A", "L1196M+G1202R"),
    "DNA and protein with a slash": ("ALK c.3604G>A/p.G1202R; p.L1196M/c.3586C>A", "L1196M+G1202R"),
    "in German": ("ALK-Gen: Mutationen p.G1202R und p.L1196M in Exon 23", "L1196M+G1202R"),
    "in Dutch": ("ALK mutaties p.G1202R en p.L1196M", "L1196M+G1202R"),
    "classified": ("ALK G1202R missense_variant likely pathogenic (rs1057519784)", "G1202R"),
    "item of a list": ("- ALK p.G1202R - exon 23", "G1202R"),
    "joined to an amplification": ("ALK G1202R + MET amplification", "G1202R"),
    "gene of a panel": ("STK11 Q37* 4%, ALK G1202R; CDKN2A loss; MYC amp", "G1202R"),
    "fusion prefix": ("EML4-ALK L1196M", "L1196M"),
    "fusion with variant": ("EML4-ALK v3 G1202R", "G1202R"),
    "CIViC profile": ("ALK G1202R AND v::ALK Fusion", "G1202R"),
    "compound with hyphen": ("C1156Y-L1198F", "C1156Y+L1198F"),
    "solvent front first": ("EML4-ALK G1202R-L1196M", "L1196M+G1202R"),
    "letters of a deletion": ("G1202delG", "G1202del"),
    "letters of a range": ("A1200_G1201delAG", "A1200_G1201del"),
    "Ensembl": ("ENSP00000373700.3:p.Gly1202Arg", "G1202R"),
    # https://www.ensembl.org/id/ENST00000389048
    "Ensembl, both": ("ENST00000389048.3:c.3520T>A (ENSP00000373700:p.F1174I)", "F1174I"),
    "UniProt": ("Q9UM73:p.Gly1202Arg", "G1202R"),
    "exon and DNA": ("ALK exon 23 c.3604G>A", "G1202R"),
    "DNA deletion": ("c.3604_3606del", "G1202del"),
    "alleles at both levels": (
        "NM_004304.5(ALK):c.[3604G>A];[3586C>A] p.[(Gly1202Arg)];[(Leu1196Met)]", "L1196M+G1202R"
    ),
    "alleles of protein, then of DNA": ("p.[G1202R;L1196M];c.[3604G>A;3586C>A]", "L1196M+G1202R"),
    "one allele of DNA": ("c.[3604G>A]", "G1202R"),
    # Where the phase is not known to be cis, both may stand.
    "one codon, phase not known": ("c.3604G>A, c.3605G>C", "G1202A+G1202R"),
    "alleles of two genes": ("EGFR:c.[2369C>T] ALK:c.[3604G>A]", "G1202R"),
    "another gene beside it": ("G1202R; TP53 R273H", "G1202R"),
    "another gene in brackets": ("ALK G1202R (TP53 p.R273H, c.818G>A)", "G1202R"),
    "another gene before it": ("TP53 R273H (c.818G>A), ALK c.3604G>A", "G1202R"),
    "another gene joined to it": ("G1202R and MET amplification", "G1202R"),
    "another gene with a slash": ("EGFR T790M/ALK G1202R", "G1202R"),
    "two consequences": (
        "CSQ=T|missense_variant|MODERATE|ALK|ENSG1|ENST00000389048.8:c.3512T>A|"
        "ENSP00000373700.3:p.Ile1171Asn|4,G|missense_variant|MODERATE|ALK|ENSG1|"
        "ENST00000389048.8:c.3512T>G|ENSP00000373700.3:p.Ile1171Ser|4", "I1171N+I1171S"
    ),
    "classified twice": ("ALK p.Gly1202Arg Pathogenic/Likely pathogenic", "G1202R"),
    "item of a bulleted list": ("• ALK p.G1202R", "G1202R"),
    "joined to another gene": ("KRAS G12C, and ALK G1202R and L1196M", "L1196M+G1202R"),
    "polymorphism beside it": ("G1202R + D1529E", "G1202R"),
    "insertion of old style": ("ALK(1151Tins)", "T1151dup"),
    "in small letters": ("eml4-alk c1156y-l1198f", "C1156Y+L1198F"),
    "gene with a hyphen": ("ALK-G1202R", "G1202R"),
    "confirmed beyond the reference": ("ALK R401Q", "R401Q"),
    "consequence of VEP": (
        "CSQ=T|missense_variant&splice_region_variant|MODERATE|ALK|ENSG00000171094|Transcript|"
        "ENST00000389048|protein_coding|23/29||ENST00000389048.8:c.3604G>A|"
        "ENSP00000373700.3:p.Gly1202Arg|4511|3604|1202|G/R|Gga/Aga|rs1057519784&COSV66555541,"
        "T|missense_variant|MODERATE|ALK|238|Transcript|NM_001353765.2|protein_coding|10/16||"
        "NM_001353765.2:c.400G>A|NP_001340694.1:p.Gly134Arg",
        "G1202R",
    ),
    "consequence of SnpEff": (
        "missense_variant|MODERATE|ALK|ALK|transcript|NM_004304.5|protein_coding|23/29|c.3604G>A|"
        "p.Gly1202Arg|4511/6240|3604/4863|1202/1620||", "G1202R"
    ),
    "gene again and again": ("NPM1-ALK ALK L1196M ALK D1203N", "L1196M+D1203N"),
    "class beside a mutation": ("ALK G1202R Tier I C1156Y", "C1156Y+G1202R"),
    "another gene without a space": ("TP53 R273H,ALK G1202R", "G1202R"),
    "bracket of another gene that is known": (
        "ALK G1202R; MET amplification (CN=8); CDKN2A del (CN 0); EGFR exon 19 deletion "
        "(E746_A750del) 12%; TP53 (p.R273H, missense, 12%); MYC amp (copy number 9.5)", "G1202R"
    ),
    "wild type of another gene before it": ("EGFR WT, G1202R", "G1202R"),
    "three beyond the reference": (
        "ALK R401Q, ALK:p.(Leu182Arg), ALK (p.F856S)", "L182R+R401Q+F856S"
    ),
    "phase said of each of two": ("G1202R (in cis) p.[Leu1196Met;Gly1202Arg]", "L1196M+G1202R"),
    "three in trans": ("ALK p.G1202R, ALK p.L1196M, ALK p.D1203N in trans", "L1196M+G1202R+D1203N"),
    "wild type of other genes": ("EGFR/KRAS wild type, ROS1: WT, ALK p.(Gly1202Arg)", "G1202R"),
    "in Italian": (
        "variante nell'esone 23 del gene ALK (NM_004304.5): c.3604G>A, p.(Gly1202Arg)", "G1202R"
    ),
    "columns of a report": ("ALK   c.3604G>A   p.Gly1202Arg   Pathogenic", "G1202R"),
    "sentence": (
        "variant in exon 23 of the ALK gene (NM_004304.5): c.3604G>A, p.(Gly1202Arg), found",
        "G1202R",
    ),
}  # fmt: skip
REFUSED = {
    "EGFR T790M": "another gene",
    "KRAS G12C": "another gene",
    "NM_005228.5:c.2369C>T (p.Thr790Met)": "another gene",
    "EGFR WT (G1202R)": "not",
    "EGFR wild type: G1202R": "not",
    # What follows the name of another gene is of that gene, though ALK has the same base there.
    "ROS1 c.3604G>A": "found ROS1 c.3604G>A (another gene)",
    "ROS1 p.Gly2032Arg (c.3604G>A)": "(c.3604G>A) (another gene)",
    "MET exon 19: c.3604G>A (G1202R)": "(G1202R) (another gene)",
    "EGFR mutation G1202R": "(another gene)",
    "EGFR p.[L1196M];[G1202R]": "(another gene)",
    "EGFR L1196M G1202R": "(another gene)",
    "NM_005228.5(EGFR):c.2369C>T (G1202R)": "transcript of another gene",
    "MET p.Y1230C, c.3604G>A": "(another gene)",
    # What may be ALK's is not lost beside another mutation of ALK; "met" is Dutch for "with".
    "ALK L1196M; TP53 R273H, G1202R": "G1202R fits ALK too: write ALK before it, or leave it out",
    "L1196M 3%; TP53 p.R273H 7%; p.(Gly1202Arg) 5%": "Gly1202Arg fits ALK too",
    "L1196M; NM_005228.5:c.2369C>T, G1202R": "G1202R fits ALK too",
    "ALK G1202R met L1196M": "L1196M fits ALK too",
    "p.Gly1202Arg met c.3586C>A": "c.3586C>A fits ALK too",
    "G1202R not detected": "'G1202R not detected' is not read as a mutation: a mutation that",
    "ALK amplification": "'ALK amplification' is not read as a mutation: amplification and copies",
    "ALK G1202R niet aangetoond": "a mutation that was not found is none",
    "G1202R positive, L1196M negative": "a mutation that was not found is none",
    "ALK G1202R 0%": "a mutation that was not found is none",
    "ALK G1202R, VAF 0.00%": "'VAF 0.00%' is not read as a mutation: a mutation that was not found",
    "ALK G1202R (-)": "a mutation that was not found is none",
    "ALK G1202R -": "is not read as a mutation",
    "c.3604G>A or c.3586C>A": "write alternatives one by one",
    "c.C3604A": "the reference has G at c.3604, not C",
    "c.3604G>A/c.3605G>C (in cis)": "concern one codon of one allele",
    "EGFR, G1202R": "'EGFR' is not read as a mutation",
    # Beyond the reference ALK must stand directly before the mutation.
    **dict.fromkeys(
        (
            "STRN-ALK; L858R, T790M",
            "EML4-ALK fusion; L858R",
            "EML4-ALK L858R",
            "ALK-positive, V600E",
            "ALK G1202R; G12C",
            "ALK G1202R; R273H 12%",
            "T790M (EGFR L858R); ALK G1202R",
            "ALK: G1202R, exon 12 G12C",
            "p.[G1202R;L858R] ALK",
        ),
        "cannot be checked",
    ),
    "T790M": "cannot be checked; T790M and L858R, for instance, are mutations of EGFR",
    "L858R": "write ALK L858R",
    "MET amplification": "MET amplification (another gene)",
    "MET amplification (off-target)": "found MET amplification (off-target) (another gene)",
    "I1171N/S/T": "write alternatives one by one",
    "X1160_splice": "splice variants",
    "c.3604+1G>A": "splice variant",
    "G1202fs*12": "frameshifts",
    "c.3604del": "reading frame",
    "c.3604C>A": "the reference has G at c.3604, not C",
    "c.3604G>A p.Gly1202Lys": "the DNA says G1202R, the protein G1202K",
    "G1202delA": "names A, but residues 1202 to 1202 are G",
    "c.3604dupGinsA": "is not read; accepted are c.3604G>A",
    "L1196M in cis, G1202R in trans": "says both cis and trans",
    "p.[L1196M;G1202R];[I1171N]": "says both cis and trans",
    "c.[3586C>A;3604G>A];[3512T>A]": "says both cis and trans",
    "c.[3586C>A;3604G>A](;)3512T>A": "is not read as a mutation",
    "c.[3604G>A;]": "c.: is not read; accepted are c.3604G>A",
    "c.[3604C>A;3586C>A]": "the reference has G at c.3604, not C",
    "c.[3604G>A;3586C>A] p.[G1202R];[L1196V]": "says both cis and trans",
    "c.[3604G>A;3586C>A] p.[G1202R;L1196V]": "the DNA says L1196M, the protein L1196V, G1202R",
    # Alone the first changes nothing and the second is G1202R; together they are G1202S.
    "c.[3606A>C;3604G>A]": "c.3606A>C and c.3604G>A concern one codon of one allele: give",
    "c.[3586C>A;3604G>A;3605G>C]": "c.3604G>A and c.3605G>C concern one codon of one allele",
    "c.3604G>A, c.3605G>C (in cis)": "concern one codon of one allele",
    "c.[3604_3606del;3606A>C]": "concern one codon of one allele",
    "p.[G1202R;G1202A]": "G1202A and G1202R change one residue, as no allele can: give one,",
    "L1196M, G1202R, I1171N, G1202A (in cis)": "G1202A and G1202R change one residue",
    "p.[I1171N;I1171X]": "I1171X and I1171N change one residue",
    "c.100A>T": "lies outside c.3241 to c.4164, the reference",
    "c.4381A>G (p.Gly1202Arg)": "lies outside c.3241 to c.4164, the reference",
    "NM_004304.5(ALK):c.1202G>A (p.Arg401Gln)": "write ALK R401Q",
    # A phase of some of the mutations is none of the others.
    **dict.fromkeys(
        (
            "p.[L1196M;G1202R], I1171N",
            "I1171N, p.[L1196M;G1202R]",
            "p.[L1196M;G1202R]; p.I1171N",
            "c.[3586C>A;3604G>A], c.3512T>A",
            "p.[L1196M];[G1202R]; I1171N",
            "p.[L1196M;D1529E], G1202R",
            "ALK p.[Leu1196Met;Gly1202Arg], ALK p.(Ile1171Asn)",
            "G1202R/L1196M (cis), I1171N",
            "I1171N (trans), L1196M/G1202R",
            "I1171N, L1196M/G1202R (in cis)",
            "L1196M, G1202R, I1171N, c.[3586C>A;3604G>A]",
            "p.[(Gly1202Arg)];[(Leu1196Met)](;)(I1171N)",
        ),
        "is not clear: leave the phase out",
    ),
    "wild type": "absence of a mutation",
    "D1529E": "taken for a polymorphism",
    "G1202R " * 143: "1001 characters are too many for a line of a report (at most 1000)",
    "%E0%A4%A": "'%E0%A4%A' is not read",
    "G1202R (PR)": "is not read as a mutation: '(PR)' is not known beside G1202R: leave it out",
    **{
        line: f"{unknown!r} is not known beside"
        for line, unknown in (
            ("ALK G1202R (liver biopsy)", "(liver biopsy)"),
            ("ALK G1202R in plasma", "in plasma"),
            ("NGS: ALK G1202R", "NGS"),
            ("G1202R+L1196M double mutant", "double"),
            ("ALK IHC 3+ ; ALK G1202R", "IHC 3"),
            ("ALK G1202R, YES1 amplification", "YES1 amplification"),
            ("G1202R in EGFR", "in EGFR"),
            ("ALK: MUT = G1202R", "MUT ="),
        )
    },
    "C1156Y EML4/ALK splice": "splice variants are not resistance mutations",
    "p.Gly1202Arg | c.3604G>A": "details of one mutation with commas",
    **dict.fromkeys(
        ("c.3604 G>A", "c3604G>A", "r.3604g>a (p.Gly1202Arg)"),
        "a change of DNA is written in one piece after c.",
    ),
    **{
        f"{line}c.400G>A (p.Gly134Arg)": "another transcript of ALK, not read: give the name by NM_"
        for line in ("NM_001353765.2(ALK):", "ALK NM_001353765.2:")
    },
    "L1196M; NM_001353765.2:c.400G>A, G1202R": "G1202R fits ALK too",
    # What was not found of another gene is no finding of it.
    "G1202R, MET amplification (negative)": "a mutation that was not found is none",
    "G1202R; BRAF V600E (nicht nachgewiesen)": "a mutation that was not found is none",
    "G1202R; BRAF V600E negative (LOD 5%)": "a mutation that was not found is none",
    **{
        f"{finding} ({said}); G1202R": "is not read as a mutation"
        for finding in ("MET amplification", "BRAF V600E")
        for said in (
            "none",
            "nd",
            "ND",
            "n.d.",
            "0",
            "CN=0",
            "-ve",
            "excluded",
            "ruled out",
            "assente",
            "?",
            "suspected",
            "unlikely",
            "failed",
            "n.a.",
            "wild type",
            "FISH: nd",
            "12%, nd",
        )
    },
    "G1202R, MET (amplification: nd)": "is not read as a mutation",
    "G1202R, BRAF V600E suspected": "not known beside G1202R: leave it out, with every "
    "finding that it calls absent, doubtful or of another gene",
    "G1202R, BRAF V600E, unlikely 5%": "'unlikely' is not known beside G1202R",
    "G1202R; BRAF wild type (V600E)": "wild type is the absence of a mutation",
    "G1202R; BRAF V600E 0%": "BRAF V600E 0%' is not read as a mutation: a mutation that was not",
    "TP53 R273H/no ALK G1202R": "a mutation that was not found is none",
    "ALK G1202R : - ALK L1196M": "is not read as a mutation",
    "G1202R non détecté": "a mutation that was not found is none",
    "ausencia de G1202R": "a mutation that was not found is none",
    "G1202R 105%": "an allele frequency is one number above 0, at most 100, with % after it",
    "G1202R VAF 250,5%": "an allele frequency is one number above 0, at most 100",
    "G1202R 100.5%": "an allele frequency is one number above 0, at most 100",
    "G1202R 3-5%": "an allele frequency is one number above 0, at most 100",
    # A fraction, or per cent?
    "G1202R VAF 0.12": "with % after it",
    "NC_000002.12:g.29220831C>T": "genomic name, not checked; the c. or p. name is read",
    "2-29220831-C-T": "genomic name, not checked; the c. or p. name is read",
    "chr7:55181378 C>T, ALK G1202R": "a genomic name is not read: give the c. or p. name",
    "ALK exon 2-17 deletion": "those of whole exons are not resistance mutations",
    "missense_variant|MODERATE|ALK|c.3604G>A|p.Leu1196Met": "the DNA says G1202R, the protein",
    "ANN=A|upstream_gene_variant|MODIFIER|ALK|E1,A|missense_variant|MODERATE|CLIP4|E2|"
    "c.3604G>A|p.Gly1202Arg|4": "details of one mutation with commas",
    "G1202del/ALK": "a mutation is missing",
    "G1202R VAF 5% tumour cells 40%": "is not read as a mutation",
    # What was not found is no partner of a fusion.
    **dict.fromkeys(
        (
            "- ALK L1196M: absent\n- ALK G1202R: 12%",
            "- ALK L1196M: ND - ALK G1202R",
            "L1196M none - ALK G1202R positive",
            "BRAF V600E absent - ALK G1202R",
            "MET amplification: negative - ALK G1202R",
            "non-ALK G1202R",
            "no-ALK, L1196M",
            "T1151_L1152insT: ND",
            "T1151_L1152insT neg",
            "G1202delinsRS negative",
            "T1151_L1152insT (exon 22) negative",
        ),
        "a mutation that was not found is none",
    ),
    **dict.fromkeys(("wt-ALK G1202R", "L1196M wt - ALK G1202R"), "wild type is the absence"),
    **dict.fromkeys(
        (
            "L1196M lost - ALK G1202R",
            "L1196M cleared - ALK G1202R",
            "T1151_L1152insT in plasma",
            "T1151_L1152insT likely",
        ),
        "is not known beside",
    ),
    # No ALK mutation is lost behind another gene, whatever hangs on it.
    **{
        f"ALK I1171N; TP53 R273H, {beside}": f"{named} fits ALK too"
        for beside, named in (
            ("G1202R-L1196M", "G1202R"),
            ("G1202R*", "G1202R"),
            ("G1202Rb", "G1202Rb"),
            ("1151Tins", "1151Tins"),
            ("G1202R_L1196M", "G1202R"),
            ("c.(3604G>A)", "c.(3604G>A"),
            ("c.[3586C>A;3512T>A]", "c.[3586C>A"),
        )
    },
    **{
        f"ALK I1171N; TP53 R273H, {beside}": "is not read as a mutation"
        for beside in ("G1202R† 3%", "p.Gly1202Arg?", "L1196M=5%", "c.3604G>A_p.G1202R")
    },
    "ALK I1171N; MET amplification; G1202R-mutant": "G1202R-mutant' is not read as a mutation",
    "G1202R; MET amplification, G12C": "residue 12 lies outside the reference",
    "TP53 R273H, G1202R": "(another gene); where G1202R is of ALK, write ALK before it",
    # A finding that is doubted or absent is none.
    **dict.fromkeys(
        (
            "ALK G1202R; BRAF V600E-negative",
            "ALK G1202R; BRAF V600E:neg",
            "ALK G1202R; BRAF p.V600E=ND",
            "ALK G1202R; BRAF V600E?",
            "ALK G1202R; BRAF V600E[-]",
            "ALK G1202R; BRAF p.V600E:wt",
            "ALK G1202R; BRAF p.(V600E not detected)",
            "ALK G1202R; non-BRAF V600E",
            "ALK G1202R; non-MET amplification",
        ),
        "is not read as a mutation",
    ),
    # Letters of a table of hot spots (no, yes, detected) are no residues.
    **dict.fromkeys(
        (
            "I1171: N; F1174: N; L1196: N; G1202: N; G1269: N",
            "L1196: N; G1202: Y",
            "ALK G1202 mutation detected: N",
            "L1196 (exon 23) N",
            "I1171 12% N",
            "G1202 - N",
            "G1202 germline: N",
        ),
        "is not read as a mutation",
    ),
    # A phase is that of the names between which it stands.
    **dict.fromkeys(
        (
            "EGFR T790M and C797S in cis; ALK G1202R, L1196M",
            "BRCA2 c.5946del and c.6275_6276del in trans; ALK L1196M; ALK G1202R",
            "KRAS G12C in trans; ALK L1196M, G1202R",
            "PIK3CA E545K + H1047R (cis); ALK L1196M, G1202R",
            "L1196M in cis with EML4-ALK; G1202R in cis with EML4-ALK",
            "ALK G1202R in cis with EML4-ALK v3; ALK L1196M",
            "EML4-ALK in cis with G1202R and L1196M",
        ),
        "is not clear: leave the phase out",
    ),
    # What a bracket sets aside may hold a mutation.
    "G1202R (L1196M in cis)": "accepted are G1202R, p.Gly1202Arg",
}


@pytest.mark.parametrize(("line", "profile"), READ.values(), ids=READ)
@pytest.mark.filterwarnings("ignore::alkpool.mutations.MutationWarning")
def test_a_line_is_read(line: str, profile: str) -> None:
    assert read(line).profile == profile


@pytest.mark.parametrize("line", [line for line, _ in READ.values() if "D1529E" not in line])
@pytest.mark.filterwarnings("ignore::alkpool.mutations.MutationWarning")
def test_canonical_reads_the_same(line: str) -> None:
    assert canonical(line) == read(line).profile


@pytest.mark.parametrize(("line", "reason"), REFUSED.items())
def test_a_line_is_refused_with_its_own_reason(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        read(line)


@pytest.mark.parametrize("name", ["D1529E", "I1461V", "K1491R"])
def test_every_polymorphism_is_set_aside(name):
    aside = (("taken for a polymorphism", name),)
    assert read(f"G1202R, {name}") == Reading("G1202R", set_aside=aside)


READINGS = [
    ("p.[Gly1202Arg;Leu1196Met]", Reading("L1196M+G1202R", "cis")),
    ("p.[G1202R];[I1171N]", Reading("I1171N+G1202R", "trans")),
    ("G1202R/L1196M (in cis)", Reading("L1196M+G1202R", "cis")),
    ("ALK p.G1202R (VAF 12%)", Reading("G1202R", vaf_percent=("12",))),
    ("R1275Q (VAF <1%)", Reading("R1275Q", vaf_percent=("<1",))),
    # Frequencies follow their mutations into the canonical order.
    ("G1202R (12.4%); p.I1171T, AF=0,5%", Reading("I1171T+G1202R", "", ("0.5", "12.4"))),
    (
        "TP53 R273H (VAF 12%); ALK G1202R (30%)",
        Reading("G1202R", "", ("30",), (("another gene", "TP53 R273H (VAF 12%)"),)),
    ),
    (
        "TP53 R273H 12%, ALK G1202R",
        Reading("G1202R", set_aside=(("another gene", "TP53 R273H 12%"),)),
    ),
    # Which of the two comes first is not known: a frequency is no one's.
    (
        "c.3604G>A (12%), D1529E",
        Reading("G1202R", set_aside=(("taken for a polymorphism", "D1529E"),
                                     ("allele frequency", "12%"))),
    ),
    (
        "G1202R, L1196M (12%), germline",
        Reading("L1196M+G1202R", set_aside=(("germline remark", "germline"),
                                            ("allele frequency", "12%"))),
    ),
    ("p.[G1202R(;)L1196M]", Reading("L1196M+G1202R")),
    *((f"G1202R, VAF {printed}%", Reading("G1202R", vaf_percent=(read,)))
      for printed, read in (("< 1", "<1"), ("ca. 5", "~5"), ("100,0 ", "100.0"))),
    # A table has no such bound.
    *((f"G1202R, VAF {bound}%", Reading("G1202R", set_aside=(("allele frequency", f"{bound}%"),)))
      for bound in ("≤1", "≥40.5")),
    ("ALK G1202R, allele frequency of 12 per cent", Reading("G1202R", vaf_percent=("12",))),
    ("NM_004304.5:c.[3604G>A;3586C>A]", Reading("L1196M+G1202R", "cis")),
    ("c.[3604G>A];[3586C>A]", Reading("L1196M+G1202R", "trans")),
    ("c.[3604G>A];c.[3586C>A];[3512T>A]", Reading("I1171N+L1196M+G1202R", "trans")),
    ("c.3604G>A(;)3586C>A", Reading("L1196M+G1202R")),
    ("c.[3604G>A(;)3586C>A]", Reading("L1196M+G1202R")),
    ("c.[3604G>A (12%);3586C>A (30%)]", Reading("L1196M+G1202R", "cis", ("30", "12"))),
    # Two alleles may each change the codon.
    ("c.[3604G>A];[3605G>C]", Reading("G1202A+G1202R", "trans")),
    ("p.[G1202R];[G1202A]", Reading("G1202A+G1202R", "trans")),
    ("G1202R+G1202A", Reading("G1202A+G1202R")),
    # An insertion beside a residue leaves the residue.
    ("p.[G1202_D1203insK;G1202R]", Reading("G1202R+G1202_D1203insK", "cis")),
    # Brackets around remarks say no phase.
    ("L1196M [NM_004304.5; c.3586C>A]; G1202R [NM_004304.5; c.3604G>A]", Reading("L1196M+G1202R")),
    *((f"ALK L1196M{first}, ALK G1202R [{aside}]", Reading("L1196M+G1202R", set_aside=said))
      for first, aside, said in (
          (" [exon 23]", "exon 23; germline", (("exon", "exon 23"), ("exon", "exon 23"),
                                                ("germline remark", "germline"))),
          ("", "exon 23; germline", (("exon", "exon 23"), ("germline remark", "germline"))))),
    ("ALK L1196M [exon 23]; [ALK G1202R]",
     Reading("L1196M+G1202R", set_aside=(("exon", "exon 23"),))),
    ("NM_004304.5:c.4587C>G (p.Asp1529Glu); c.3604G>A (p.Gly1202Arg)",
     Reading("G1202R", set_aside=(
         ("outside the reference, not checked; its protein name is read", "c.4587C>G"),
         ("taken for a polymorphism", "D1529E")))),
    ("G1202R 12.4 % (VAF)", Reading("G1202R", vaf_percent=("12.4",))),
    ("L1196M in cis with G1202R", Reading("L1196M+G1202R", "cis")),
    ("L1196M, G1202R (in cis); TP53 R273H",
     Reading("L1196M+G1202R", "cis", set_aside=(("another gene", "TP53 R273H"),))),
    ("EML4-ALK in cis with G1202R", Reading("G1202R", set_aside=(("fusion", "EML4-ALK"),))),
    ("L1196M + G1202R, phase not determined",
     Reading("L1196M+G1202R", set_aside=(("phase", "phase not determined"),))),
    ("G1202R (p.Gly1202Arg, c.3604G>A, exon 23, VAF 12%)",
     Reading("G1202R", vaf_percent=("12",), set_aside=(("exon", "exon 23"),))),
    ("ALK p.G1202R, Mutation allele frequency (VAF) 12.3%",
     Reading("G1202R", vaf_percent=("12.3",))),
    # The mark of a footnote is no digit.
    ("G1202R¹ 1²%", Reading("G1202R", vaf_percent=("1",))),
]  # fmt: skip


# What a report says beside mutations, and what it is; a frequency that is none stays with it.
ASIDE = {
    "ALK+": "fusion",
    "ALK-positive": "fusion",
    "ALK FISH positive 60%": "fusion",
    "EML4/ALK": "fusion",
    "EML4-ALK-Fusion": "fusion",
    "EML4(13)-ALK(20)": "fusion",
    "EML4-ALK (V3)": "fusion",
    "EML4-ALK fusion (VAF 3%)": "fusion",
    "EML4-ALK.E13A20.COSF1062": "fusion",
    "Tier I": "classification",
    "AMP/ASCO/CAP Tier IA": "classification",
    "klasse 5": "classification",
    "tumour purity 40%": "remark on the sample",
    "Tumorzellgehalt: 40 %": "remark on the sample",
    "40% tumour cells": "remark on the sample",
    "TMB 5 mut/Mb": "remark on the sample",
    "MSI-stable": "remark on the sample",
    "PD-L1 TPS <1%": "remark on the sample",
    "coverage 2000X": "remark on the sample",
    "NSCLC": "disease",
    "exon 23 of 29": "exon",
    "dbSNP: rs1057519784": "number in a database, not checked",
    "COSV66555541": "number in a database, not checked",
    "NC_000002.12:g.29220831C>T": "genomic name, not checked; the c. or p. name is read",
    "2:g.29220831C>T": "genomic name, not checked; the c. or p. name is read",
    "MET exon 14 skipping": "another gene",
    "FLT3 exon 14 ins": "another gene",
    "CCDC6-RET fusion": "another gene",
    "CDKN2A/B loss": "another gene",
    "BRAF V600E/K": "another gene",
    "TP53 R273H missense 45%": "another gene",
    "EGFR c.2573T>G p.Leu858Arg Pathogenic 45%": "another gene",
    "KRAS G12C mutation detected, VAF 4%": "another gene",
}


@pytest.mark.parametrize(("text", "what"), ASIDE.items())
def test_a_remark_is_set_aside_with_its_number(text: str, what: str) -> None:
    for line in (f"{text}, ALK G1202R", f"ALK p.G1202R; {text}", f"ALK G1202R ({text})"):
        assert read(line) == Reading("G1202R", set_aside=((what, text),))
    assert read(f"{text}, ALK G1202R 12%").vaf_percent == ("12",)


# A frequency is the ALK mutation's only where it directly follows or precedes it.
OF_ANOTHER_GENE = {
    "G1202R, TP53 R175H 12%": ["TP53 R175H 12%"],
    "G1202R, TP53 R175H - 12%": ["TP53 R175H - 12%"],
    "G1202R, TP53 R175H [12%]": ["TP53 R175H [12%]"],
    "G1202R, TP53 R175H allele frequency 12%": ["TP53 R175H allele frequency 12%"],
    "G1202R, NM_005228.5:c.2369C>T / 12%": ["NM_005228.5:c.2369C>T / 12%"],
    "VAF 12% TP53 R175H, ALK G1202R": ["TP53 R175H", "VAF 12%"],
    "VAF: 12%, TP53 R175H; ALK G1202R": ["TP53 R175H", "12%"],
    "(AF=0,5%) TP53 R175H; ALK G1202R": ["TP53 R175H", "0.5%"],
    "G1202R, VAF 12% TP53 R175H": ["TP53 R175H", "VAF 12%"],
    "G1202R and <1% TP53 R175H": ["TP53 R175H", "<1%"],
    "G1202R; 12%: MET amplification": ["MET amplification", "12%"],
    "G1202R, allele fraction 3% NM_005228.5:c.2369C>T": [
        "NM_005228.5:c.2369C>T",
        "allele fraction 3%",
    ],
    "G1202R; TP53 R175H; 12%": ["TP53 R175H", "12%"],
    # Whose it is nobody can tell.
    "G1202R 12% TP53 R175H": ["TP53 R175H", "12%"],
    "60% ALK FISH positive, G1202R": ["ALK FISH positive", "60%"],
    "30% (ALK FISH positive) G1202R": ["ALK FISH positive", "30%"],
    "(30%) EML4-ALK; ALK G1202R": ["EML4-ALK", "30%"],
    "G1202R 12% EML4-ALK v3": ["EML4-ALK v3", "12%"],
    "ALK (60%); G1202R": ["60%"],
    "G1202R 5%, G1202R 3%": ["5%", "3%"],
    "G1202R; rs1881420 MAF 12%": ["rs1881420 MAF 12%"],
    "G1202R; rs1881420 12%": ["rs1881420 12%"],
}
# Two mutations, and frequencies that do not each stand beside one.
OF_NO_ONE = {
    "VAF 30% EML4-ALK; G1202R 5%; L1196M": ["VAF 30%", "5%"],
    "30% ALK fusion, G1202R, L1196M 5%": ["30%", "5%"],
    "G1202R 12%, 13%; L1196M": ["12%", "13%"],
    "12%; 5% G1202R; L1196M": ["12%", "5%"],
    "G1202R 5% (c.3604G>A), G1202R 3%, L1196M": ["5%", "3%"],
    "L1196M (c.3586C>A) 5%, L1196M 3%, G1202R": ["5%", "3%"],
}
OF_ALK = [
    "G1202R (12%), TP53 R175H",
    "G1202R 12%; TP53 R175H 30%",
    "G1202R (12%) TP53 R175H",
    "G1202R VAF 12% and TP53 R175H",
    "G1202R 12%, NM_005228.5:c.2369C>T",
    "ALK G1202R, 12% VAF, MET D1228N c.3682G>A 30%",
    "ALK G1202R 12% cfDNA; STK11 Q37* 30%",
    "ALK G1202R, Allelfrequenz: 12%",
    "12% G1202R, 30% TP53 R175H",
    "G1202R (12%), MET amplification 8%",
    "G1202R p.Gly1202Arg (c.3604G>A), VAF 12%",
    "G1202R (rs1057519784), exon 23, 12%",
    # Each is followed by its own.
    "G1202R 12% TP53 R175H 7%",
    "G1202R: 12% TP53: R175H (7%)",
    "ALK G1202R VAF 12% TP53 R175H VAF 7% KRAS G12C VAF 9%",
    "TP53 R175H (30%), ALK 12% G1202R",
]


@pytest.mark.parametrize(("line", "aside"), OF_ANOTHER_GENE.items())
def test_a_frequency_beside_another_gene_is_set_aside(line: str, aside: list[str]) -> None:
    reading = read(line)
    assert (reading.profile, reading.vaf_percent) == ("G1202R", ())
    assert [text for _, text in reading.set_aside] == aside


@pytest.mark.parametrize(("line", "aside"), OF_NO_ONE.items())
def test_a_frequency_goes_to_no_other_mutation(line: str, aside: list[str]) -> None:
    reading = read(line)
    assert (reading.profile, reading.vaf_percent) == ("L1196M+G1202R", ())
    assert [text for what, text in reading.set_aside if what == "allele frequency"] == aside


@pytest.mark.parametrize("line", OF_ALK)
def test_a_frequency_beside_the_mutation_stays_with_it(line: str) -> None:
    assert read(line).vaf_percent == ("12",)


@pytest.mark.parametrize(("line", "reading"), READINGS)
def test_phase_and_frequency_are_read_and_the_rest_is_said(line: str, reading: Reading) -> None:
    assert read(line) == reading


@given(st.data())
def test_every_single_base_change_is_translated_as_the_genetic_code_says(data) -> None:
    """An independent translation: the codon is looked up and changed by hand."""
    from alkpool.mutations.dna import coding

    start, bases = coding()
    place = data.draw(st.integers(start, start + len(bases) - 1))
    old = bases[place - start]
    new = data.draw(st.sampled_from(sorted(set("ACGT") - {old})))
    residue = (place - 1) // 3 + 1
    first = (residue - 1) * 3 + 1 - start
    codon = list(bases[first : first + 3])
    assert CODE["".join(codon)] == reference()[residue]
    codon[place - start - first] = new
    changed = CODE["".join(codon)]
    name = f"{place}{old}>{new}"
    if changed in ("*", reference()[residue]):
        with pytest.raises(ValueError, match="stop codon|synonymous"):
            protein_change(name)
    else:
        assert str(protein_change(name)) == f"{reference()[residue]}{residue}{changed}"


@pytest.mark.parametrize(
    "start", ["", "ALK G1202R ", "TP53 R273H ", "MET (", "EML4-ALK (", "rs1 ("]
)
@pytest.mark.parametrize(
    "again",
    ["5%; ", ";AF=1% ", ";12% ", "(12%) ;", "12% AF=1% , ", "AF= 1% ", "1A-", "CN=8, ", "p.[1A];[",
     "12% [", "R273H and ", "EGFR/", "EML4-ALK 5% "],
)  # fmt: skip
def test_no_line_takes_long(start: str, again: str) -> None:
    text = (start + again * 1000)[:1000]
    began = time.process_time()
    with contextlib.suppress(ValueError):
        read(text)
    assert time.process_time() - began < 2


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        profile = read(text).profile
    except ValueError:
        return
    assert "+".join(mutations.mutations_of(profile)) == profile
